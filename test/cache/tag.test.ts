import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidOptionError } from "../../src/cache/errors.js";
import { escapeTagValue, parseTemplate, tag } from "../../src/cache/tag.js";

/** Any string, lone surrogates and separators included. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom(":", "%", "a", "3", "A", "{", "}", "|", "u", "h", "\ud800"),
    maxLength: 8,
  }),
);

describe("tag", () => {
  test("puts values in their places", () => {
    expect(tag("menu")).toBe("menu");
    expect(tag("menu-item:{id}", { id: "classic_dlx" })).toBe("menu-item:classic_dlx");
    expect(tag("{a}:{b}:end", { a: 1, b: true })).toBe("1:true:end");
    expect(tag("order:{id}", { id: 12n })).toBe("order:12");
  });

  test("escapes what separates", () => {
    expect(tag("order:{id}", { id: "1:2" })).toBe("order:1%3A2");
    expect(tag("order:{id}", { id: "50%" })).toBe("order:50%25");
    expect(tag("order:{id}", { id: "é(1)" })).toBe("order:%C3%A9%281%29");
  });

  test("hashes a value above 200 characters", () => {
    const long = tag("note:{text}", { text: "x".repeat(201) });
    expect(long).toMatch(/^note:%h[\w-]{43}$/);
    expect(tag("note:{text}", { text: "x".repeat(200) })).toBe(`note:${"x".repeat(200)}`);
    expect(tag("note:{text}", { text: `${"x".repeat(201)}\ud800` })).not.toBe(
      tag("note:{text}", { text: `${"x".repeat(201)}\ud801` }),
    );
  });

  test.each([
    ["", {}, 'The template "" is empty.'],
    ["a:{b", { b: 1 }, 'The template "a:{b" has a "{" that nothing closes.'],
    ["a:b}", {}, 'The template "a:b}" has a "}" that nothing opened.'],
    ["a:{}", {}, 'The template "a:{}" names a value "{}", which is not a path.'],
    ["a:{b c}", {}, 'The template "a:{b c}" names a value "{b c}", which is not a path.'],
    [
      "{a}{b}",
      { a: 1, b: 2 },
      'The template "{a}{b}" has two values with nothing between them that tells them apart, such as ":".',
    ],
    [
      "{a}-{b}",
      { a: 1, b: 2 },
      'The template "{a}-{b}" has two values with nothing between them that tells them apart, such as ":".',
    ],
    [
      // Else "x:y" and "3Aq" would give what "x" and "3Ay:q" give.
      "{a}%{b}",
      { a: 1, b: 2 },
      'The template "{a}%{b}" has two values with nothing between them that tells them apart, such as ":".',
    ],
    [
      "a:{id}",
      {},
      'The tag template "a:{id}" needs a string, number, bigint or boolean for "id", but got undefined.',
    ],
    [
      "a:{toString}",
      {},
      'The tag template "a:{toString}" needs a string, number, bigint or boolean for "toString", but got undefined.',
    ],
    [
      "a:{id}",
      { id: Number.NaN },
      'The tag template "a:{id}" needs a string, number, bigint or boolean for "id", but got NaN.',
    ],
  ])("refuses %j with %j", (template, values, message) => {
    const attempt = () => tag(template, values as Record<string, number>);
    expect(attempt).toThrow(InvalidOptionError);
    expect(attempt).toThrow(message);
  });

  test("gives different lists of values different tags", () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, anyText, (a, b, c, d) => {
        fc.pre(a !== c || b !== d);
        expect(tag("x:{a}:{b}", { a, b })).not.toBe(tag("x:{a}:{b}", { a: c, b: d }));
      }),
      { numRuns: 2_000 },
    );
  });

  test("lets no value pass for another template's tag", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(tag("order:{a}", { a })).not.toBe(tag("order:{a}:{b}", { a, b }));
        expect(tag("order:{a}", { a })).not.toBe("order:5:all");
        expect(tag("{a}:menu", { a })).not.toBe("shop:5:menu");
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("escapeTagValue", () => {
  test("gives different values different texts, none with a separator", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(escapeTagValue(a) === escapeTagValue(b)).toBe(a === b);
        expect(escapeTagValue(a)).toMatch(/^[A-Za-z0-9_.~%-]*$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("parseTemplate", () => {
  test("tells literals from names", () => {
    expect(parseTemplate("orders:{viewer}")).toEqual({
      literals: ["orders:", ""],
      names: ["viewer"],
    });
    expect(parseTemplate("{result.lines.size.id}")).toEqual({
      literals: ["", ""],
      names: ["result.lines.size.id"],
    });
    expect(parseTemplate("menu")).toEqual({ literals: ["menu"], names: [] });
  });
});
