import fc, { type Arbitrary } from "fast-check";

/** A class with what a plain object lacks: a method, an accessor, a private field. */
export class Money {
  readonly #cents: number;
  readonly currency = "EUR";

  constructor(cents: number) {
    this.#cents = cents;
  }

  get cents(): number {
    return this.#cents;
  }

  toString(): string {
    return `${this.#cents} ${this.currency}`;
  }
}

class Shelf extends Map<string, number> {}

const keys = fc.constantFrom("a", "b", "__proto__", "0", "with space", "ü");

/** Every kind of value that a resolver may return, most of them plain, some that cannot be carried. */
export const values: Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.integer(),
    fc.double(),
    fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY, 2 ** 53, 0.1),
    fc.bigInt(),
    fc.constantFrom(0n, -1n, 2n ** 64n, -(2n ** 63n), 2n ** 63n),
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.constantFrom("", "null", "\ud800", "a\u0000b", "__proto__"),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 5 }),
    fc.float32Array({ maxLength: 3 }),
    fc.int16Array({ maxLength: 3 }),
    fc.bigInt64Array({ maxLength: 3 }),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => new Uint8Array(bytes).buffer),
    fc.constantFrom(/a+/gi, /(?:)/),
  ),
  rare: fc.oneof(
    fc.integer().map((cents) => new Money(cents)),
    fc.constantFrom<unknown>(
      () => 1,
      Symbol("s"),
      new Shelf([["a", 1]]),
      new URL("http://localhost/"),
      new Error("inside"),
      new Proxy({ a: 1 }, {}),
      Object.create({ inherited: 1 }),
      Object.defineProperty({}, "hidden", { value: 1 }),
      new (class extends Date {})(5),
      // biome-ignore lint/suspicious/noSparseArray: a hole is what is meant.
      [1, , 3],
    ),
  ),
  list: fc.array(tie("value"), { maxLength: 4 }),
  record: fc
    .array(fc.tuple(keys, tie("value")), { maxLength: 3 })
    .chain((entries) => fc.boolean().map((bare) => recordOf(entries, bare))),
  map: fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((all) => new Map(all)),
  set: fc.array(tie("value"), { maxLength: 3 }).map((all) => new Set(all)),
  twice: tie("value").map((value) => [value, value]),
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "value" },
    { arbitrary: tie("leaf"), weight: 8 },
    { arbitrary: tie("rare"), weight: 1 },
    { arbitrary: tie("list"), weight: 2 },
    { arbitrary: tie("record"), weight: 2 },
    { arbitrary: tie("map"), weight: 1 },
    { arbitrary: tie("set"), weight: 1 },
    { arbitrary: tie("twice"), weight: 1 },
  ),
})).value;

function recordOf(entries: readonly (readonly [string, unknown])[], bare: boolean): object {
  const record: object = bare ? Object.create(null) : {};
  for (const [key, value] of entries) {
    Object.defineProperty(record, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return record;
}
