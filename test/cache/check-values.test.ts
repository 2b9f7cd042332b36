import { expect, test } from "vitest";
import { checkKey, checkTags, ttlMilliseconds } from "../../src/cache/check-values.js";
import { InvalidOptionError } from "../../src/cache/errors.js";

test.each<[unknown, string]>([
  ["", 'A key must be a non-empty, well-formed string that does not begin with NUL, but got: ""'],
  [
    undefined,
    "A key must be a non-empty, well-formed string that does not begin with NUL, but got: undefined",
  ],
  [5, "A key must be a non-empty, well-formed string that does not begin with NUL, but got: 5"],
  [
    "a\ud800",
    'A key must be a non-empty, well-formed string that does not begin with NUL, but got: "a\\ud800"',
  ],
  [
    "\0own",
    'A key must be a non-empty, well-formed string that does not begin with NUL, but got: "\\u0000own"',
  ],
])("the key %j is refused in words", (key, message) => {
  const attempt = () => checkKey(key as string);
  expect(attempt).toThrow(InvalidOptionError);
  expect(attempt).toThrow(expect.objectContaining({ message }));
});

test("tags of up to 1024 characters pass, each once, in their order", () => {
  const long = "x".repeat(1_024);
  expect(checkTags(["b", long, "a", "b"])).toEqual(["b", long, "a"]);
  expect(checkTags([])).toEqual([]);
});

test.each([[["menu"]], [["menu", "order"]]])(
  "tags are the cache's own from the call on: %j",
  (tags) => {
    const given = [...tags];
    const own = checkTags(given);
    given[0] = "another";
    given.length = 1;
    expect(own).toEqual(tags);
  },
);

test("a ttl is at least a millisecond and at most a year", () => {
  expect(ttlMilliseconds(1e-9)).toBe(1);
  expect(ttlMilliseconds(1.2345)).toBe(1_235);
  expect(ttlMilliseconds(365 * 24 * 3600)).toBe(31_536_000_000);
});
