import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical, canonicalData, shortened } from "../../src/directives/canonical.js";

/** Plain data as arguments are made of; `undefined` and -0 aside, which deep equality sees differently. */
const plainData = fc.jsonValue({ noUnicodeString: false }).map(withoutNegativeZero);

function withoutNegativeZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, each) => (Object.is(each, -0) ? 0 : each));
}

function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, each]) => [name, reordered(each)]),
  );
}

describe("canonical", () => {
  test("reads like GraphQL's literals", () => {
    expect(canonical({ first: 20, id: "7", only: [true, null] })).toBe(
      '(first:20,id:"7",only:[true,null])',
    );
    expect(canonical({ amount: 12n, "a b": 1 })).toBe('("a b":1,amount:12n)');
  });

  test("tells null from absent, and a string from the number of its digits", () => {
    expect(canonical({ a: null })).not.toBe(canonical({}));
    expect(canonical({ a: undefined })).toBe(canonical({}));
    expect(canonical("1")).not.toBe(canonical(1));
    expect(canonical(1n)).not.toBe(canonical(1));
    expect(canonical(-0)).not.toBe(canonical(0));
  });

  test("writes no braces, whatever a string holds", () => {
    expect(canonical({ a: "{x}", b: { c: "}{" } })).not.toMatch(/[{}]/);
    expect(canonical("{")).not.toBe(canonical("\\u007b"));
  });

  test("does not see the order of names", () => {
    fc.assert(
      fc.property(plainData, (value) => {
        expect(canonical(reordered(value))).toBe(canonical(value));
      }),
    );
  });

  test("gives different data different texts", () => {
    const awkward = fc.oneof(
      plainData,
      fc.dictionary(
        fc.constantFrom("a", "a:1", "b", ")"),
        fc.constantFrom("1", 1, "a:1", "),b:(", null),
      ),
    );
    fc.assert(
      fc.property(awkward, awkward, (a, b) => {
        const same = equal(a, b);
        expect(canonical(a) === canonical(b)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["a promise", { a: Promise.resolve(1) }, "it holds an instance of Promise"],
    ["a function", { a: () => 1 }, "it holds a function"],
    ["an instance of a class", new (class Money {})(), "it holds an instance of Money"],
  ])("refuses %s", (_what, value, message) => {
    expect(() => canonical(value)).toThrow(message);
  });

  test("refuses a cycle", () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(() => canonical(cycle)).toThrow("it is nested deeper than 64 levels");
  });

  test("takes dates and bytes, and what can turn itself into JSON", () => {
    expect(canonical(new Date(5))).toBe("date(5)");
    expect(canonical(new Uint8Array([1, 2]))).toBe("bytes(AQI=)");
    expect(canonical(new URL("http://a.test/"))).toBe('json("http://a.test/")');
  });
});

describe("canonicalData", () => {
  class Marked extends Uint8Array {
    mark = "a";
  }

  test.each<[string, object]>([
    ["a Date with a property of its own", Object.assign(new Date(5), { mark: "a" })],
    ["bytes with one", Object.assign(new Uint8Array([5]), { mark: "a" })],
    ["bytes of a subclass", Object.setPrototypeOf(new Uint8Array([5]), Marked.prototype)],
  ])("has no text for %s, which may tell more than that would", (_what, value) => {
    expect(() => canonicalData(value)).toThrow(TypeError);
  });

  test("takes no word of an instance, but for the platform's that leave nothing out", () => {
    const masked = { toJSON: () => "***", constructor: Date };
    expect(canonicalData({ at: new Date(5), url: new URL("http://a.test/") })).toBe(
      '(at:date(5),url:json("http://a.test/"))',
    );
    expect(() => canonicalData([Object.create(masked)])).toThrow("it holds an instance of Date");
  });
});

describe("shortened", () => {
  test("leaves up to 200 characters readable and hashes the rest", () => {
    expect(shortened("x".repeat(200))).toBe("x".repeat(200));
    expect(shortened("x".repeat(201))).toMatch(/^#sha256-[\w-]{43}$/);
    expect(shortened("x".repeat(201))).not.toBe(shortened("x".repeat(202)));
  });
});

function equal(a: unknown, b: unknown): boolean {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
}
