import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createdVersion,
  evictedVersion,
  readLogPosition,
  readTagVersion,
  writeLogPosition,
} from "../../../src/cache/redis/tag-version.js";

const anyNonce = fc.stringMatching(/^[\w-]{8}$/);
const anyPosition = fc.record({
  epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  n: fc.integer({ min: 0, max: 10 ** 15 - 1 }),
});

describe("a position of the log", () => {
  test("comes back from its text as it was", () => {
    fc.assert(
      fc.property(anyPosition, (position) => {
        expect(readLogPosition(writeLogPosition(position))).toEqual(position);
      }),
    );
  });

  test("has eight digits of epoch, which scripts count on", () => {
    expect(writeLogPosition({ epoch: 10, n: 17 })).toBe("0000000a:17");
    expect(writeLogPosition({ epoch: 2 ** 32 - 1, n: 0 })).toBe("ffffffff:0");
  });

  test.each([
    "",
    "a:1",
    "0000000a",
    "0000000a:",
    "0000000A:1",
    "0000000a:-1",
    "0000000a:1 ",
    "0000000a:1e3",
  ])("is not read from %j", (text) => {
    expect(readLogPosition(text)).toBeUndefined();
  });
});

describe("a tag's version", () => {
  test("made by an eviction tells which", () => {
    fc.assert(
      fc.property(anyNonce, anyPosition, (nonce, position) => {
        const version = readTagVersion(evictedVersion(nonce, position));
        expect(version).toEqual({ kind: "evicted", nonce, position });
      }),
    );
  });

  test("made for want of one has no position until it is given one", () => {
    fc.assert(
      fc.property(anyNonce, anyPosition, (nonce, position) => {
        expect(readTagVersion(createdVersion(nonce))).toEqual({ kind: "created", nonce });
        const positioned = `${nonce}p${writeLogPosition(position)}`;
        expect(readTagVersion(positioned)).toEqual({ kind: "positioned", nonce, position });
      }),
    );
  });

  test.each([
    undefined,
    "",
    "nonce-01",
    "nonce-01x",
    "nonce-01e",
    "nonce-01p0000000a",
    "nonce-01x0000000a:1",
  ])("is not read from %j", (text) => {
    expect(readTagVersion(text)).toBeUndefined();
  });
});
