import fc from "fast-check";
import type { GraphQLResolveInfo } from "graphql";
import { describe, expect, test } from "vitest";
import { escapeTagValue } from "../../src/cache/tag.js";
import { canonical } from "../../src/directives/canonical.js";
import { fieldKey, variedText } from "../../src/directives/field-key.js";
import type { Args } from "../../src/directives/input-text.js";

const info = {} as GraphQLResolveInfo;

/** A field with every part that a key can have. */
const keyOfParts = fieldKey({
  coordinate: "Item.price",
  digest: "0123456789",
  parentText: (parent) => escapeTagValue(String(parent)),
  argumentText: canonical,
  selectionText: () => "(id)",
});

const vary = [
  { name: "locale", read: (context: unknown) => (context as Context).locale },
  { name: "tenant", read: (context: unknown) => (context as Context).tenant },
];

const key = (parent: unknown, args: Args, context: Context, viewer: string) =>
  keyOfParts(parent, args, context, info, viewer, variedText(vary, context));

interface Context {
  locale: string;
  tenant: string;
}

describe("a field's key", () => {
  test("can be read", () => {
    expect(key("a/b", { in: "EUR" }, { locale: "de", tenant: "t1" }, "ada")).toBe(
      'Item.price#0123456789/a%2Fb(in:"EUR")|locale="de"|tenant="t1"|viewer:ada|selection(id)',
    );
  });

  test("differs wherever parent, arguments, context or viewer do", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom(
        '"|viewer:a',
        "|tenant=",
        '")',
        "a",
        "(",
        "#sha256-",
        "x".repeat(300),
        "|selection(id)",
      ),
    );
    const parts = fc.tuple(text, text, text, text, text);
    const keyOf = ([parent, arg, locale, tenant, viewer]: [
      string,
      string,
      string,
      string,
      string,
    ]) => key(parent, { arg }, { locale, tenant }, viewer);

    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = a.every((part, index) => part === b[index]);
        expect(keyOf(a) === keyOf(b)).toBe(same);
      }),
      { numRuns: 3_000 },
    );
  });
});
