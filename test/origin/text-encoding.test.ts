import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeChunks,
  fromWindows1252,
  withPlainLineEnds,
} from "../../src/origin/text-encoding.js";

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

async function joined(texts: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const text of texts) all += text;
  return all;
}

/** Cuts bytes or text at any places. */
function cut<T extends { slice(start: number, end?: number): T; length: number }>(
  whole: T,
  places: readonly number[],
): T[] {
  const ends = [...new Set(places.map((place) => place % (whole.length + 1)))].sort(
    (a, b) => a - b,
  );
  return [...ends, whole.length].map((end, index) => whole.slice(ends[index - 1] ?? 0, end));
}

const places = fc.array(fc.nat());

describe("text", () => {
  test("in UTF-8 survives however it is cut into chunks", () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), places, async (text, at) => {
        const chunks = cut(Buffer.from(`x${text}`), at);
        expect(await joined(decodeChunks(each(chunks), "utf8"))).toBe(`x${text}`);
      }),
    ));

  test("has plain line ends, however it is cut into chunks", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "\r", "\n", "\r\n") });
    return fc.assert(
      fc.asyncProperty(text, places, async (given, at) => {
        const plain = await joined(withPlainLineEnds(each(cut(given, at))));
        expect(plain).toBe(given.replaceAll("\r\n", "\n"));
      }),
    );
  });

  test("in Windows-1252 has that code page's 256 characters", () => {
    const text = fromWindows1252(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    expect([...text]).toHaveLength(256);
    expect(text.slice(0, 0x80)).toBe(Buffer.from(text.slice(0, 0x80), "latin1").toString("latin1"));
    // As the code page's table has it; it leaves five bytes undefined.
    expect(text.slice(0x80, 0xa0).replace(/[\x80-\x9f]/g, "·")).toBe(
      "€·‚ƒ„…†‡ˆ‰Š‹Œ·Ž··‘’“”•–—˜™š›œ·žŸ",
    );
    expect(text.slice(0xe0, 0xf2)).toBe("àáâãäåæçèéêëìíîïðñ");
  });
});
