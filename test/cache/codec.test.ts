import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCodec } from "../../src/cache/codec.js";
import { CorruptEntryError, NotCacheableError } from "../../src/cache/errors.js";

const codec = createCodec();

describe("a value comes back as it went in", () => {
  test("whatever plain data it consists of", () => {
    fc.assert(
      fc.property(anyTree, (value) => {
        expect(portrait(codec.decode(codec.encode(value)))).toBe(portrait(value));
      }),
      { numRuns: 1_500 },
    );
  });

  test("with its cycles, and what occurs twice still one", () => {
    fc.assert(
      fc.property(anyGraph, (value) => {
        expect(portrait(codec.decode(codec.encode(value)))).toBe(portrait(value));
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ["undefined", undefined],
    ["null", null],
    ["NaN", Number.NaN],
    ["infinity", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ["minus zero", -0],
    ["undefined in an object", { a: undefined }],
    ["undefined in an array", [undefined]],
    ["an array with holes", Object.assign(new Array(4), { 0: 1, 2: 3 })],
    ["an array of nothing but holes", new Array(5)],
    ["a bigint beyond 64 bits", 2n ** 200n],
    ["a negative bigint beyond 64 bits", -(2n ** 4000n)],
    ["an invalid date", new Date(Number.NaN)],
    ["the first and the last date", [new Date(-8.64e15), new Date(8.64e15)]],
    ["a lone surrogate", "a\ud800b"],
    ["a lone surrogate as a property's name", { "\udfff": 1 }],
    ["a Map with objects as keys", new Map([[{ a: 1 }, new Date(1)]])],
    ["a Set of objects", new Set([{ a: 1 }, { a: 1 }])],
    ["an empty Buffer", Buffer.alloc(0)],
    ["a Buffer inside", { bytes: Buffer.from("é") }],
    ["a slice of a Buffer", Buffer.from("abcdef").subarray(2, 4)],
    ["a slice of a typed array", { floats: new Float64Array([1, -0, Number.NaN]).subarray(1) }],
    ["a slice of a DataView", new DataView(new ArrayBuffer(8), 2, 3)],
    ["a RegExp", /a\/b/giu],
    ["a row of an empty array, Map and Set", [[], new Map(), new Set(), {}]],
  ])("%s", (_, value) => {
    expect(portrait(codec.decode(codec.encode(value)))).toBe(portrait(value));
  });

  test('with a property named "__proto__", which stays a property', () => {
    const value = JSON.parse('{"__proto__": {"isAdmin": true}, "constructor": 1}');
    const decoded = codec.decode(codec.encode([value, value, { value }])) as object[];
    expect(portrait(decoded)).toBe(portrait([value, value, { value }]));
    expect(decoded[0]).not.toHaveProperty("isAdmin");
  });

  test("in lists of hundreds of like and unlike objects", () => {
    const like = Array.from({ length: 500 }, (_, id) => ({ id, name: `n${id}`, at: new Date(id) }));
    const unlike = Array.from({ length: 300 }, (_, id) => ({ [`field${id}`]: id, same: [id] }));
    for (const list of [like, unlike, [...like, ...unlike]]) {
      expect(portrait(codec.decode(codec.encode(list)))).toBe(portrait(list));
    }
  });

  test("except that an object without prototype becomes a plain one", () => {
    const bare = Object.assign(Object.create(null), { id: 1 });
    expect(codec.decode(codec.encode(bare))).toStrictEqual({ id: 1 });
    expect(codec.decode(codec.encode([bare, bare, -0]))).toStrictEqual([{ id: 1 }, { id: 1 }, -0]);
  });
});

describe("a decoded value belongs to its caller alone", () => {
  test("nothing done to it changes the next one", () => {
    fc.assert(
      fc.property(fc.oneof(anyTree, anyGraph), (value) => {
        const before = portrait(value);
        const encoded = codec.encode(value);
        const first = codec.decode(encoded);
        const second = codec.decode(encoded);
        spoil(first);
        expect(portrait(second)).toBe(before);
        expect(portrait(codec.decode(encoded))).toBe(before);
      }),
      { numRuns: 1_000 },
    );
  });

  test("also where a crowd has copies of one that was decoded once", () => {
    fc.assert(
      fc.property(fc.oneof(anyTree, anyGraph, anyPlainTree), (value) => {
        const before = portrait(value);
        const copy = codec.copies(codec.encode(value));
        const first = copy();
        const second = copy();
        spoil(first);
        expect(portrait(second)).toBe(before);
        expect(portrait(copy())).toBe(before);
      }),
      { numRuns: 1_500 },
    );
  });

  test.each([
    ["a date", [new Date(1)]],
    ["minus zero", { zero: -0 }],
    ["an array with holes", new Array(3)],
    ["undefined in an object", { a: undefined, b: [undefined] }],
    ['a property named "__proto__"', JSON.parse('{"__proto__": {"isAdmin": true}}')],
    ["what occurs twice", Array(2).fill({ a: 1 })],
    ["a text", "Margherita"],
  ])("nor is a copy another than what is decoded: %s", (_, value) => {
    expect(portrait(codec.copies(codec.encode(value))())).toBe(portrait(value));
  });

  test("nor does what is done to the value that was encoded, its buffers included", () => {
    const bytes = () => Buffer.from("spotless");
    for (const value of [
      bytes(),
      { a: bytes() },
      new Map([["a", bytes()]]),
      { a: bytes(), z: -0 },
    ]) {
      const encoded = codec.encode(value);
      const before = portrait(value);
      spoil(codec.decode(encoded));
      spoil(value);
      expect(portrait(codec.decode(encoded))).toBe(before);
    }
  });

  test.each([
    ["plain", { bytes: Buffer.from("é") }],
    ["graph", { bytes: [Buffer.from("é")], map: new Map() }],
    ["exact", { bytes: Buffer.from("é"), zero: -0 }],
  ])("and a Buffer inside it is one, whatever the bytes are read from (%s)", (_format, value) => {
    const { format, bytes } = codec.encode(value);
    const stored = { format, bytes: new Uint8Array(bytes) };
    expect(portrait(codec.decode(stored))).toBe(portrait(value));
  });

  test("even where the stored bytes are a slice of a larger buffer", () => {
    const value = { a: Buffer.from("spotless"), z: -0 };
    const encoded = codec.encode(value);
    const larger = Buffer.concat([Buffer.from("xyz"), encoded.bytes, Buffer.from("xyz")]);
    const stored = { format: encoded.format, bytes: larger.subarray(3, -3) };
    spoil(codec.decode(stored));
    expect(portrait(codec.decode(stored))).toBe(portrait(value));
  });
});

describe("what cannot be carried is refused", () => {
  test.each([
    ["a function", () => 1],
    ["a promise inside", { later: Promise.resolve(1) }],
    ["an instance of a class", new URL("http://localhost")],
    ["nesting too deep to walk", nested(200_000)],
  ])("%s", (_, value) => {
    expect(() => codec.encode(value)).toThrow(NotCacheableError);
  });

  test("and what is accepted, however deep, can be read back", () => {
    for (let depth = 1; depth < 200_000; depth *= 2) {
      let encoded: ReturnType<typeof codec.encode>;
      try {
        encoded = codec.encode(nested(depth));
      } catch (error) {
        expect(error).toBeInstanceOf(NotCacheableError);
        return;
      }
      expect(() => codec.decode(encoded)).not.toThrow();
      expect(() => codec.copies(encoded)()).not.toThrow();
    }
  });
});

describe("bytes that are none of ours are a CorruptEntryError", () => {
  test("of an unknown format", () => {
    const decode = () => codec.decode({ format: 99, bytes: Buffer.from("x") });
    expect(decode).toThrow(CorruptEntryError);
    expect(decode).toThrow("A stored value's format must be known; this one's is 99.");
    // A custom serializer's value, after the serializer was taken away.
    expect(() => codec.decode({ format: 6, bytes: Buffer.from("x") })).toThrow(CorruptEntryError);
  });

  test("or a value, and never another error", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 }), fc.uint8Array(), (format, bytes) => {
        try {
          codec.decode({ format, bytes });
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptEntryError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("where the end is missing", () => {
    for (const value of [{ a: "text", b: 2 }, new Map([[1, "text"]]), [-0, "text"]]) {
      const { format, bytes } = codec.encode(value);
      for (let length = 0; length < bytes.length; length += 1) {
        const cut = { format, bytes: bytes.subarray(0, length) };
        expect(() => codec.decode(cut), `${length} of ${bytes.length}`).toThrow(CorruptEntryError);
      }
    }
  });
});

describe("a serializer of the user's own", () => {
  const json = createCodec({
    serialize: (value) => Buffer.from(JSON.stringify(value)),
    deserialize: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
  });

  test("carries every value, in a format of its own", () => {
    const encoded = json.encode({ a: 1 });
    expect(Buffer.from(encoded.bytes).toString()).toBe('{"a":1}');
    expect(json.decode(encoded)).toEqual({ a: 1 });
    expect(json.encode("text").format).toBe(encoded.format);
    expect(codec.encode("text").format).not.toBe(encoded.format);
  });

  test("makes each value of a crowd itself, since only it knows what there is to copy", () => {
    let read = 0;
    const dated = createCodec({
      serialize: (value) => Buffer.from(String(Number(value))),
      deserialize(bytes) {
        read += 1;
        return Object.defineProperty({}, "hidden", { value: Number(Buffer.from(bytes)) });
      },
    });
    const copy = dated.copies(dated.encode(7));
    expect([copy(), copy()]).toMatchObject([{ hidden: 7 }, { hidden: 7 }]);
    expect(read).toBe(2);
    const stored = codec.encode({ a: 1 });
    expect(dated.copies(stored)()).toEqual({ a: 1 });
  });

  test("still reads what was stored before it came", () => {
    expect(json.decode(codec.encode(new Map([["a", 1n]])))).toEqual(new Map([["a", 1n]]));
  });

  test("refuses by throwing", () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(() => json.encode(cyclic)).toThrow(NotCacheableError);
    expect(() => json.encode(1n)).toThrow("The serializer refused the value.");
  });

  test("must give bytes, and is told what it gave instead", () => {
    const text = { serialize: JSON.stringify as never, deserialize: () => undefined };
    expect(() => createCodec(text).encode({ a: 1 })).toThrow(
      "The serializer's serialize must give a Uint8Array, but gave: string",
    );
  });

  test("that cannot read what it wrote finds a corrupt entry, with its error as the cause", () => {
    const decode = () => json.decode({ format: json.encode(1).format, bytes: Buffer.from("{") });
    expect(decode).toThrow(CorruptEntryError);
    expect(decode).toThrow(expect.objectContaining({ cause: expect.any(SyntaxError) }));
  });
});

// --- Values

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.string({ unit: fc.constantFrom("\ud800", "\udc00", "a", "\0", "é"), maxLength: 3 }),
);

const anyName = fc.oneof(anyText, fc.constantFrom("__proto__", "constructor", "id", "0", "-0", ""));

const huge = 2n ** 4096n;

function binary(): fc.Arbitrary<object> {
  const bytes = fc.uint8Array({ maxLength: 24 });
  return fc.oneof(
    bytes,
    bytes.map((from) => Buffer.from(from)),
    bytes.map((from) => from.slice().buffer),
    bytes.map((from) => new DataView(from.slice().buffer)),
    fc.uint8ClampedArray({ maxLength: 5 }),
    fc.int8Array({ maxLength: 5 }),
    fc.int16Array({ maxLength: 5 }),
    fc.uint16Array({ maxLength: 5 }),
    fc.int32Array({ maxLength: 5 }),
    fc.uint32Array({ maxLength: 5 }),
    fc.float32Array({ maxLength: 5 }),
    fc.float64Array({ maxLength: 5 }),
    fc.bigInt64Array({ maxLength: 5 }),
    fc.bigUint64Array({ maxLength: 5 }),
  );
}

const anyLeaf = fc.oneof(
  fc.constantFrom(undefined, null, true, false, Number.NaN, -0, 0, 2 ** 31, 2 ** 53, -(2 ** 63)),
  fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.bigInt(),
  fc.bigInt({ min: -huge, max: huge }),
  anyText,
  // Invalid ones included.
  fc.date(),
  binary(),
  fc.constantFrom("a", "\\/", "[^]").map((source) => new RegExp(source, "gu")),
);

/** What is copied, and not decoded for each. */
const anyPlainTree = fc.tuple(
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(anyName, fc.date(), { noNullPrototype: true }),
);

function record(entries: Array<[string, unknown]>): object {
  const made = {};
  for (const [name, value] of entries) {
    Object.defineProperty(made, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return made;
}

function anyRow(more: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return fc.record({ id: fc.nat(), at: fc.date(), more }, { noNullPrototype: true });
}

const { node: anyTree } = fc.letrec<{ node: unknown; list: unknown[]; record: object }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    anyLeaf,
    tie("list"),
    tie("record"),
    fc.sparseArray(tie("node"), { maxNumElements: 4, maxLength: 8 }),
    fc.array(fc.tuple(tie("node"), tie("node")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(tie("node"), { maxLength: 4 }).map((items) => new Set(items)),
    fc.array(anyRow(tie("node")), { minLength: 3, maxLength: 6 }),
  ),
  list: fc.array(tie("node"), { maxLength: 5 }),
  record: fc.array(fc.tuple(anyName, tie("node")), { maxLength: 5 }).map(record),
}));

/** Containers that refer to one another and to leaves at will. */
const anyGraph = fc
  .array(
    fc.record({
      kind: fc.constantFrom("array", "record", "map", "set"),
      to: fc.array(fc.nat({ max: 7 }), { maxLength: 4 }),
      leaf: anyLeaf,
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((specs) => {
    const nodes = specs.map(({ kind }) =>
      kind === "array" ? [] : kind === "record" ? {} : kind === "map" ? new Map() : new Set(),
    );
    specs.forEach(({ to, leaf }, index) => {
      const node = nodes[index];
      const targets = [...to.map((target) => nodes[target % nodes.length]), leaf];
      for (const [place, target] of targets.entries()) {
        if (Array.isArray(node)) node.push(target);
        else if (node instanceof Map) node.set(place % 2 === 0 ? target : place, target);
        else if (node instanceof Set) node.add(target);
        else Object.assign(node as object, { [`p${place}`]: target });
      }
    });
    return nodes[0];
  });

function nested(depth: number): unknown {
  let value: unknown = "bottom";
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

/** Everything that can be told of a value: types, prototypes, order, holes, and which references are one. */
function portrait(root: unknown): string {
  const numbers = new Map<object, number>();
  return draw(root);

  function draw(value: unknown): string {
    if (Object.is(value, -0)) return "-0";
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value !== "object" || value === null) return String(value);
    const known = numbers.get(value);
    if (known !== undefined) return `#${known}`;
    numbers.set(value, numbers.size);
    return `#${numbers.get(value)} ${Object.getPrototypeOf(value)?.constructor.name} ${inside(value)}`;
  }

  function inside(value: object): string {
    if (value instanceof Date) return String(value.getTime());
    if (value instanceof RegExp) return String(value);
    if (value instanceof ArrayBuffer) return Buffer.from(value).toString("hex");
    if (ArrayBuffer.isView(value)) {
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
    }
    if (value instanceof Set) return `{${[...value].map(draw)}}`;
    if (value instanceof Map) return `{${[...value].map(([k, v]) => `${draw(k)} => ${draw(v)}`)}}`;
    return `{${Reflect.ownKeys(value).map((name) => {
      const { value: item, ...flags } = Object.getOwnPropertyDescriptor(value, name) ?? {};
      const plain = flags.enumerable && flags.writable && flags.configurable;
      return `${JSON.stringify(name)}${plain || name === "length" ? "" : "!"}: ${draw(item)}`;
    })}}`;
  }
}

/** Changes a value wherever it can be changed. */
function spoil(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Date) value.setTime(12_345);
  else if (value instanceof ArrayBuffer) new Uint8Array(value).fill(0xee);
  else if (ArrayBuffer.isView(value)) {
    new Uint8Array(value.buffer, value.byteOffset, value.byteLength).fill(0xee);
  } else if (value instanceof Map) {
    for (const [key, item] of [...value]) for (const part of [key, item]) spoil(part, seen);
    value.clear();
  } else if (value instanceof Set) {
    for (const item of [...value]) spoil(item, seen);
    value.clear();
  } else if (!(value instanceof RegExp)) {
    for (const item of Object.values(value)) spoil(item, seen);
    Object.assign(value, { spoilt: true });
  }
}
