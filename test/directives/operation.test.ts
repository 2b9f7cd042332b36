import { describe, expect, test } from "vitest";
import { Operation } from "../../src/directives/operation.js";
import type { Path } from "../../src/directives/path-marks.js";

const below = (prev: Path | undefined, key: string): Path => ({ prev, key, typename: undefined });
const at = (n: number, epoch = 1) => ({ epoch, n });

/** An operation with one root field, and a place below that. */
function begun() {
  const operation = new Operation();
  const root = below(undefined, "_entities");
  operation.addRoot(root);
  return { operation, root, nested: below(root, "price") };
}

describe("a parent's age", () => {
  test.each([
    ["the first", [4, 6]],
    ["the last", [6, 4]],
  ])("is that of the oldest of all that share its place, as %s", (_which, ages) => {
    const { operation, root, nested } = begun();
    for (const n of ages) operation.found(root, at(n));
    expect(operation.sinceAbove(nested)).toEqual(at(4));
  });

  test("is unknown where one of them is, or where they do not compare", () => {
    for (const ages of [
      [at(4), null],
      [null, at(4)],
      [at(4), at(4, 2)],
    ]) {
      const { operation, root, nested } = begun();
      for (const since of ages) operation.found(root, since);
      expect(operation.sinceAbove(nested)).toBeNull();
    }
  });

  test("counts only where it is more than the operation's own", () => {
    const { operation, root, nested } = begun();
    operation.age = { position: at(5) };
    for (const [since, expected] of [
      [at(6), undefined],
      [at(5), undefined],
      [at(4), at(4)],
    ] as const) {
      operation.found(root, since);
      expect(operation.sinceAbove(nested)).toEqual(expected);
    }
  });
});

describe("what a parent was made for", () => {
  test("is one text for all that share its place, in whatever order they came", () => {
    const texts = [
      ['|locale="de"', '|locale="fr"'],
      ['|locale="fr"', '|locale="de"', '|locale="fr"'],
    ].map((marks) => {
      const { operation, root, nested } = begun();
      for (const text of marks) operation.markVaried(root, text);
      return operation.variedAbove(nested);
    });
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).toContain('|locale="de"');
    expect(texts[0]).toContain('|locale="fr"');
  });

  test("is unknown where that of one of them is", () => {
    const { operation, root, nested } = begun();
    operation.markVaried(root, '|locale="de"');
    operation.markVaried(root, undefined);
    expect(operation.variedAbove(nested)).toBeUndefined();
  });
});

describe("a place that hangs on no field known", () => {
  const stray = below(below(undefined, "elsewhere"), "price");

  test("may be below anything that is", () => {
    const { operation, root } = begun();
    operation.found(root, at(4));
    operation.markVaried(root, '|locale="de"');
    operation.markPrivate(root);

    expect(operation.sinceAbove(stray)).toBeNull();
    expect(operation.variedAbove(stray)).toBeUndefined();
    expect(operation.isBelowPrivate(stray)).toBe(true);
  });

  test("is below nothing where nothing is", () => {
    const { operation } = begun();
    expect(operation.sinceAbove(stray)).toBeUndefined();
    expect(operation.variedAbove(stray)).toBe("");
    expect(operation.isBelowPrivate(stray)).toBe(false);
  });
});
