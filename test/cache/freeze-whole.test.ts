import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { freezeWhole } from "../../src/cache/freeze-whole.js";

const anyPlain = fc.jsonValue();

/** Tries to change everything that can be reached. */
function changesSomething(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const added = Reflect.set(value, "another", 1);
  const removed = Object.keys(value).some((key) => Reflect.deleteProperty(value, key));
  return added || removed || Object.values(value).some(changesSomething);
}

describe("a value that is frozen whole", () => {
  test("cannot be changed anywhere, and is as it was", () => {
    fc.assert(
      fc.property(anyPlain, (value) => {
        const before = structuredClone(value);
        expect(freezeWhole(value)).toBe(true);
        expect(changesSomething(value)).toBe(false);
        expect(value).toEqual(before);
      }),
    );
  });

  test.each([
    ["a Date", { at: new Date(0) }],
    ["a Map", [new Map()]],
    ["a Set", { a: { b: new Set() } }],
    ["bytes", { bytes: Buffer.from("bytes") }],
    ["a RegExp", /a/],
  ])(
    "is none that holds %s, which freezing does not protect; and nothing of it is frozen",
    (_, value) => {
      expect(freezeWhole(value)).toBe(false);
      expect(Object.isFrozen(value)).toBe(false);
    },
  );

  test("is none without an end", () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(freezeWhole(cycle)).toBe(false);
  });
});
