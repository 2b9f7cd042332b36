import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { halvesOf } from "../../../src/cache/redis/halves.js";

const groups = [undefined, { name: "a" }, { name: "b" }, { name: "c" }];
const items = fc.array(fc.constantFrom(...groups).map((group) => ({ group })));

describe("the halves of a batch", () => {
  test("of callers without a group are equal, in their order", () => {
    const alone = Array.from({ length: 7 }, (_, id) => ({ id, group: undefined }));
    const [first, second] = halvesOf(alone);
    expect([first, second].map((half) => half.map(({ id }) => id))).toEqual([
      [0, 1, 2],
      [3, 4, 5, 6],
    ]);
  });

  test("hold everybody once, and nobody else", () => {
    fc.assert(
      fc.property(items, (all) => {
        const both = halvesOf(all).flat();
        expect(both).toHaveLength(all.length);
        expect(new Set(both)).toEqual(new Set(all));
      }),
    );
  });

  test("never tear a group apart", () => {
    fc.assert(
      fc.property(items, (all) => {
        const [first, second] = halvesOf(all);
        const shared = first.filter(
          ({ group }) => group && second.some((other) => other.group === group),
        );
        expect(shared).toEqual([]);
      }),
    );
  });
});
