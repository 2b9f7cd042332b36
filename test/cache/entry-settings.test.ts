import { describe, expect, test } from "vitest";
import { EntrySettings } from "../../src/cache/entry-settings.js";
import { InvalidOptionError } from "../../src/cache/errors.js";
import type { EntryOptions } from "../../src/cache/types.js";

describe("the options of an entry", () => {
  test("all but ttlSeconds have defaults; a null is kept as long as any other result", () => {
    expect(new EntrySettings({ ttlSeconds: 60 })).toEqual({
      ttlMs: 60_000,
      tags: [],
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      nullTtlMs: 60_000,
      near: true,
      since: undefined,
      refresh: undefined,
      loadGroup: undefined,
      coordinate: undefined,
    });
  });

  test("are taken over in milliseconds", () => {
    const since = { epoch: 1, n: 2 };
    expect(
      new EntrySettings({
        ttlSeconds: 0.0001,
        tags: ["a", "b", "a"],
        staleWhileRevalidateSeconds: 1.5,
        staleIfErrorSeconds: 0,
        nullTtlSeconds: 0,
        since,
      }),
    ).toMatchObject({
      ttlMs: 1,
      tags: ["a", "b"],
      staleWhileRevalidateMs: 1_500,
      staleIfErrorMs: 0,
      nullTtlMs: 0,
      near: true,
      since,
    });
    expect(new EntrySettings({ ttlSeconds: 1, since: null }).since).toBeNull();
  });

  const ttl = "ttlSeconds must be a number greater than 0, of a year at the most, but got:";

  test.each<[string, unknown, string]>([
    ["no ttl", {}, `${ttl} undefined`],
    ["ttl 0", { ttlSeconds: 0 }, `${ttl} 0`],
    ["a negative ttl", { ttlSeconds: -1 }, `${ttl} -1`],
    ["ttl NaN", { ttlSeconds: Number.NaN }, `${ttl} NaN`],
    ["ttl Infinity", { ttlSeconds: Number.POSITIVE_INFINITY }, `${ttl} Infinity`],
    ["a ttl of more than a year", { ttlSeconds: 366 * 24 * 3600 }, `${ttl} 31622400`],
    ["a ttl that is a text", { ttlSeconds: "60" }, `${ttl} "60"`],
    [
      "a negative window",
      { ttlSeconds: 1, staleWhileRevalidateSeconds: -1 },
      "staleWhileRevalidateSeconds must be a number of seconds from 0 to a year, but got: -1",
    ],
    [
      "an endless window",
      { ttlSeconds: 1, staleIfErrorSeconds: Number.POSITIVE_INFINITY },
      "staleIfErrorSeconds must be a number of seconds from 0 to a year, but got: Infinity",
    ],
    [
      "a null ttl that is null",
      { ttlSeconds: 1, nullTtlSeconds: null },
      "nullTtlSeconds must be a number of seconds from 0 to a year, but got: null",
    ],
    [
      "one tag",
      { ttlSeconds: 1, tags: "menu" },
      'tags must be an array of strings, but got: "menu"',
    ],
    [
      "an empty tag",
      { ttlSeconds: 1, tags: ["a", ""] },
      'A tag must be a well-formed string of 1 to 1024 characters, but got: ""',
    ],
    [
      "a tag that is a number",
      { ttlSeconds: 1, tags: [5] },
      "A tag must be a well-formed string of 1 to 1024 characters, but got: 5",
    ],
    [
      "an undefined tag",
      { ttlSeconds: 1, tags: [undefined] },
      "A tag must be a well-formed string of 1 to 1024 characters, but got: undefined",
    ],
    [
      "a tag too long",
      { ttlSeconds: 1, tags: ["x".repeat(1_025)] },
      `A tag must be a well-formed string of 1 to 1024 characters, but got: "${"x".repeat(80)}"`,
    ],
    [
      "a misspelt name",
      { ttlSeconds: 1, tag: ["menu"] },
      'An entry knows the options ttlSeconds, tags, staleWhileRevalidateSeconds, staleIfErrorSeconds, nullTtlSeconds, since, near, refresh, loadGroup, coordinate; "tag" is not one of them.',
    ],
    ["nothing", undefined, "options must be an object, but got: undefined"],
    ["a load in their place", () => "menu", "options must be an object, but got: a function"],
  ])("%s is refused in words", (_, options, message) => {
    const attempt = () => new EntrySettings(options as EntryOptions);
    expect(attempt).toThrow(InvalidOptionError);
    expect(attempt).toThrow(expect.objectContaining({ message, code: "E_INVALID_OPTION" }));
  });
});
