import { describe, expect, test } from "vitest";
import { watchedParent } from "../../src/directives/watched-parent.js";

/** A watched item, of which the id is known and the label may be lacking; and what was read so far. */
function watching(parent: unknown = { id: 1, price: 5, sizes: [{ id: 2 }] }) {
  const reads: string[] = [];
  const watched = watchedParent(parent, new Set(["id"]), ["price", "label"], () =>
    reads.push("read"),
  );
  return { ...watched, reads, value: watched.value as Record<string, unknown> };
}

describe("a watched parent", () => {
  test("tells nothing while only what is known is read", () => {
    const { value, reads } = watching();
    expect([value.id, Object.keys(value), "price" in value]).toEqual([
      1,
      ["id", "price", "sizes"],
      true,
    ]);
    expect(reads).toEqual([]);
  });

  test.each<[string, (parent: Record<string, unknown>) => unknown, unknown]>([
    ["a property", ({ price }) => price, 5],
    ["one that it lacks", ({ label }) => label, undefined],
    ["one that it lacks, to see whether it is there", (parent) => "label" in parent, false],
    [
      "all of them, by spreading",
      (parent) => ({ ...parent }),
      { id: 1, price: 5, sizes: [{ id: 2 }] },
    ],
    [
      "all of them, as JSON",
      (parent) => JSON.stringify(parent),
      '{"id":1,"price":5,"sizes":[{"id":2}]}',
    ],
    [
      "all of them, by cloning",
      (parent) => structuredClone(parent),
      { id: 1, price: 5, sizes: [{ id: 2 }] },
    ],
  ])("tells that %s was read, and gives it", (_what, read, gives) => {
    const { value, reads } = watching();
    expect(read(value)).toEqual(gives);
    expect(reads).toEqual(["read"]);
  });

  test("is plain data once it is released, or was read", () => {
    const plain = { id: 1, price: 5, sizes: [{ id: 2 }] };
    const [released, read] = [watching(plain), watching(plain)];
    released.release();
    read.value.price;

    for (const { value } of [released, read]) {
      expect(Object.getOwnPropertyDescriptors(value)).toEqual(
        Object.getOwnPropertyDescriptors(plain),
      );
      expect(value.sizes).toBe(plain.sizes);
    }
    expect(released.reads).toEqual([]);
  });

  test("has none of what it lacks, and tells so before and after the watch", () => {
    const { value, release } = watching();
    const shown = () => [Object.hasOwn(value, "label"), Object.keys(value), "id" in value];
    const before = shown();
    release();
    expect(before).toEqual([false, ["id", "price", "sizes"], true]);
    expect(shown()).toEqual(before);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test("is watched on when it was written to", () => {
    const { value, reads } = watching();
    value.label = "new";
    expect(reads).toEqual([]);
    expect([value.label, value.price]).toEqual(["new", 5]);
    expect(reads).toEqual(["read"]);
    expect(value).toEqual({ id: 1, price: 5, sizes: [{ id: 2 }], label: "new" });
  });

  test("takes what is written to it, and leaves its original as it was", () => {
    const original = Object.freeze({ id: 1, price: 5 });
    const { value, release } = watching(original);
    value.price = 6;
    value.label = "new";
    value.id = 2;
    release();

    expect(value).toEqual({ id: 2, price: 6, label: "new" });
    expect(original).toEqual({ id: 1, price: 5 });
  });

  test("has what is hidden, and what a symbol names, and tells of them", () => {
    const row = Symbol("row");
    const original = Object.defineProperty({ id: 1, [row]: 5 }, "price", { value: 6 });
    for (const [name, gives] of [
      [row, 5],
      ["price", 6],
    ] as const) {
      const { value, reads } = watching(original);
      expect(Object.keys(value)).toEqual(["id"]);
      expect((value as Record<symbol | string, unknown>)[name]).toBe(gives);
      expect(reads).toEqual(["read"]);
      expect((value as Record<symbol | string, unknown>)[name]).toBe(gives);
    }
  });

  test("calls no getter that nobody reads", () => {
    let calls = 0;
    const original = {
      id: 1,
      get lines(): number {
        calls += 1;
        return calls;
      },
    };
    const { value, release } = watching(original);
    release();
    expect(calls).toBe(0);
    expect([value.lines, value.lines]).toEqual([1, 2]);
  });

  test("has the prototype of its original once it is released, also where that is none", () => {
    const { value, release } = watching(Object.assign(Object.create(null), { id: 1 }));
    expect("toString" in value).toBe(false);
    release();
    expect(Object.getPrototypeOf(value)).toBeNull();
  });

  test.each([
    ["a text", "id"],
    ["null", null],
    ["a list", [1]],
    ["an instance of a class", new Date(5)],
  ])("is %s itself where it is that, which counts as read", (_what, parent) => {
    const { value, reads } = watching(parent);
    expect(value).toBe(parent);
    expect(reads).toEqual(["read"]);
  });
});
