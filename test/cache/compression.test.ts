import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCodec } from "../../src/cache/codec.js";
import { compressed } from "../../src/cache/compression.js";
import { CorruptEntryError } from "../../src/cache/index.js";

describe("Compression", () => {
  const plain = createCodec();
  const codec = compressed(plain, 100);

  it("gives back what it was given, whatever its size", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(5), (value, times) => {
        const large = Array.from({ length: 4 ** times }, () => value);
        expect(codec.decode(codec.encode(large))).toEqual(large);
      }),
    );
  });

  it("makes large values smaller, and leaves small ones alone", () => {
    const menu = Array.from({ length: 100 }, (_, n) => ({ id: `item-${n}`, name: "A pizza" }));
    expect(codec.encode(menu).bytes.length).toBeLessThan(plain.encode(menu).bytes.length / 2);
    expect(codec.encode("small")).toEqual(plain.encode("small"));
  });

  it("leaves alone what would not shrink", () => {
    const noise = randomBytes(10_000);
    expect(codec.encode(noise)).toEqual(plain.encode(noise));
  });

  it("reads what was stored without it, and the other way round", () => {
    const value = "x".repeat(1000);
    expect(codec.decode(plain.encode(value))).toBe(value);
    expect(compressed(plain, Number.POSITIVE_INFINITY).decode(codec.encode(value))).toBe(value);
  });

  it("inflates once for a crowd, whatever a copy is made of", () => {
    const text = "x".repeat(1000);
    for (const value of [text, [text], new Map([["text", text]])]) {
      const encoded = codec.encode(value);
      const copy = codec.copies(encoded);
      encoded.bytes.fill(0);
      expect([copy(), copy()]).toEqual([value, value]);
    }
    expect(codec.copies(codec.encode("small"))()).toBe("small");
  });

  it("takes bytes that do not inflate for damaged", () => {
    const encoded = codec.encode("x".repeat(1000));
    const damaged = { ...encoded, bytes: encoded.bytes.subarray(0, 3) };
    expect(() => codec.decode(damaged)).toThrow(CorruptEntryError);
  });
});
