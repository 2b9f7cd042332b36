import fc from "fast-check";
import { expect, test } from "vitest";
import { surrogateKey, surrogateKeysHeader } from "../../src/apollo/surrogate-keys.js";

test("a surrogate key is its tag, but for what a header cannot carry or would take for its end", () => {
  expect(surrogateKey("menu-item:a%3Ab")).toBe("menu-item:a%3Ab");
  expect(surrogateKey('the "menu", é')).toBe("the%20%22menu%22%2C%20%C3%A9");
});

test("no tag can end its key, nor the header", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (tag) => {
      expect(surrogateKey(tag)).toMatch(/^[\x21\x23-\x2b\x2d-\x7e]+$/);
    }),
  );
});

test("keys stand once each, apart as the header's CDN wants them", () => {
  expect(surrogateKeysHeader("Surrogate-Key", ["a", "b", "a"])).toBe("a b");
  expect(surrogateKeysHeader("Cache-Tag", ["a", "b"])).toBe("a,b");
});

test("more keys than a CDN takes make no header", () => {
  const [most, last] = ["a".repeat(15_998), "b"];
  expect(surrogateKeysHeader("Surrogate-Key", [most, last])).toHaveLength(16_000);
  expect(surrogateKeysHeader("Surrogate-Key", [most, `${last}b`])).toBeUndefined();
});
