import fc, { type Arbitrary } from "fast-check";
import { values } from "./values.js";

/** What a node is at one moment. */
export interface Moment {
  readonly shape:
    | "named"
    | "class"
    | "bare"
    | "method"
    | "promise"
    | "missing"
    | "error"
    | "unnamed";
  readonly type: "Leaf" | "Branch";
  readonly value: unknown;
  readonly values: unknown;
  readonly grid: unknown;
  readonly needed: unknown;
  readonly inner: "plain" | "null" | "absent" | "class" | "method";
}

/** All that can be read: each node with its moments, one after the other as mutations advance it. */
export type World = Readonly<Record<string, readonly Moment[]>>;
export const IDS = ["1", "2", "3"];

const moments: Arbitrary<Moment> = fc.record({
  shape: fc.oneof(
    { arbitrary: fc.constant("named" as const), weight: 4 },
    {
      arbitrary: fc.constantFrom(
        "class",
        "bare",
        "method",
        "promise",
        "missing",
        "error",
        "unnamed",
      ),
      weight: 3,
    },
  ),
  type: fc.constantFrom("Leaf" as const, "Branch" as const),
  value: values,
  values: fc.oneof(
    fc.array(values, { maxLength: 3 }),
    fc.array(values).map((all) => new Set(all)),
    values,
  ),
  grid: fc.oneof(fc.array(fc.array(values, { maxLength: 2 }), { maxLength: 2 }), values),
  needed: fc.oneof({ arbitrary: fc.constant(1), weight: 4 }, { arbitrary: values, weight: 1 }),
  inner: fc.oneof(
    { arbitrary: fc.constant("plain" as const), weight: 4 },
    { arbitrary: fc.constantFrom("null", "absent", "class", "method"), weight: 2 },
  ),
});

export const worlds: Arbitrary<World> = fc.record(
  Object.fromEntries(IDS.map((id) => [id, fc.array(moments, { minLength: 1, maxLength: 3 })])),
);

export const samples = {
  ID: fc.constantFrom(...IDS, "9", "a:b|c", "{x}"),
  Int: fc.integer({ min: 0, max: 2 }),
  Size: fc.constantFrom("S", "L"),
  Moment: fc.constantFrom("2020-01-01T00:00:00.000Z", "2020-01-01T01:00:00.000+01:00"),
};
