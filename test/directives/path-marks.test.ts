import { describe, expect, test } from "vitest";
import { type Path, PathMarks } from "../../src/directives/path-marks.js";

const below = (prev: Path | undefined, key: string | number): Path => ({
  prev,
  key,
  typename: undefined,
});

const root = below(undefined, "menu");
const item = (index: number) => below(root, index);
const marks = (...roots: Path[]) => new PathMarks<{ name: string }>(new WeakSet(roots));

describe("the mark above a place", () => {
  test("is that of the nearest place that has one, whatever was asked for before", () => {
    const places = marks(root);
    const sizes = below(item(0), "sizes");
    const price = below(below(sizes, 0), "price");
    places.set(root, { name: "menu" });
    expect(places.above(price)).toEqual({ name: "menu" });
    places.set(sizes, { name: "sizes" });
    expect(places.above(price)).toEqual({ name: "sizes" });
    expect(places.above(below(item(1), "sizes"))).toEqual({ name: "menu" });
    expect(places.above(price)).toEqual({ name: "sizes" });
    places.set(sizes, { name: "sizes anew" });
    expect(places.above(price)).toEqual({ name: "sizes anew" });
  });

  test("is none where none is marked, nor where the place itself is", () => {
    const other = below(undefined, "order");
    const places = marks(root, other);
    expect(places.above(below(item(0), "name"))).toBeUndefined();
    places.set(other, { name: "order" });
    expect(places.above(below(item(0), "name"))).toBeUndefined();
    expect(places.above(other)).toBeUndefined();
    expect(places.at(other)).toEqual({ name: "order" });
  });

  test("is found at a place in a list, where an executor gives that as a field's", () => {
    const places = marks(root);
    const first = item(0);
    places.set(root, { name: "menu" });
    places.set(first, { name: "the first" });
    expect(places.above(below(first, "name"))).toEqual({ name: "the first" });
    expect(places.above(below(item(1), "name"))).toEqual({ name: "menu" });
  });

  test("cannot be told where an executor makes its paths anew for each field", () => {
    const places = marks(root);
    places.set(root, { name: "menu" });
    const copy = below(undefined, "menu");
    expect(places.above(below(below(copy, 0), "name"))).toBe("unknown");
    expect(places.above(below(item(0), "name"))).toEqual({ name: "menu" });
    expect(places.above(below(below(copy, 0), "name"))).toBe("unknown");
  });
});
