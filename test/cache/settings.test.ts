import { describe, expect, test } from "vitest";
import type { CacheOptions } from "../../src/cache/cache-options.js";
import { InvalidOptionError } from "../../src/cache/errors.js";
import type { LockOptions } from "../../src/cache/lock.js";
import { resolveLockOptions, resolveSettings } from "../../src/cache/settings.js";

describe("the options of a cache", () => {
  test("all have defaults", () => {
    expect(resolveSettings({})).toEqual({
      redis: undefined,
      prefix: "cached:",
      maxEntries: 10_000,
      maxBytes: 64 * 1024 * 1024,
      leaseMs: 10_000,
      waitMs: 5_000,
      loadTimeoutMs: 30_000,
      commandTimeoutMs: 100,
      earlyRefresh: 1,
      ttlJitter: 0.1,
      maxConcurrentLoads: 64,
      maxValueBytes: 1024 * 1024,
      compressAboveBytes: 4_096,
      waitReplicas: 0,
      onOutage: "origin",
      breakerOpenMs: 200,
      serializer: undefined,
      onEvent: undefined,
    });
  });

  test("are taken over in milliseconds, and never change again", () => {
    const settings = resolveSettings({
      prefix: "shop:",
      memory: { maxEntries: 1 },
      leaseSeconds: 0.5,
      waitSeconds: 0.001,
      loadTimeoutSeconds: 24 * 3600,
      earlyRefresh: 0,
      ttlJitter: 0,
      onOutage: "throw",
    });
    expect(settings).toMatchObject({
      prefix: "shop:",
      maxEntries: 1,
      maxBytes: 64 * 1024 * 1024,
      leaseMs: 500,
      waitMs: 1,
      loadTimeoutMs: 24 * 3600 * 1000,
      earlyRefresh: 0,
      ttlJitter: 0,
      onOutage: "throw",
    });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  test.each<[unknown, string]>([
    [null, "options must be an object, but got: null"],
    ["redis://localhost", 'options must be an object, but got: "redis://localhost"'],
    [
      { ttl: 60 },
      'createCache knows the options redis, prefix, memory, near, leaseSeconds, waitSeconds, loadTimeoutSeconds, commandTimeoutMs, earlyRefresh, ttlJitter, maxConcurrentLoads, maxValueBytes, compressAboveBytes, waitReplicas, onOutage, breaker, serializer, onEvent; "ttl" is not one of them.',
    ],
    [
      { prefix: "" },
      'prefix must be a non-empty, well-formed string, with no braces but one pair, as clear() and clusters need it, but got: ""',
    ],
    [
      { prefix: "half a pair \ud83c" },
      'prefix must be a non-empty, well-formed string, with no braces but one pair, as clear() and clusters need it, but got: "half a pair \\ud83c"',
    ],
    [
      { memory: { maxEntries: 1e9 } },
      "memory.maxEntries must be a whole number of at least 1, and of at most 10000000, but got: 1000000000",
    ],
    [
      { near: { maxEntries: 1e9 } },
      "near.maxEntries must be a whole number of at least 1, and of at most 10000000, but got: 1000000000",
    ],
    [
      { serializer: null },
      "serializer must be an object with serialize and deserialize, but got: null",
    ],
    [
      { prefix: 5 },
      "prefix must be a non-empty, well-formed string, with no braces but one pair, as clear() and clusters need it, but got: 5",
    ],
    [
      { memory: { maxEntries: 0 } },
      "memory.maxEntries must be a whole number of at least 1, and of at most 10000000, but got: 0",
    ],
    [
      { memory: { maxBytes: 1.5 } },
      "memory.maxBytes must be a whole number of at least 1, but got: 1.5",
    ],
    [{ memory: 64 }, "memory must be an object, but got: 64"],
    [
      { memory: { maxEntrys: 5 } },
      'memory knows the options maxEntries, maxBytes; "maxEntrys" is not one of them.',
    ],
    [{ near: true }, "near must be an object, but got: true"],
    [
      { near: { ttlSeconds: 5 } },
      'near knows the options maxEntries, maxBytes, maxAgeSeconds; "ttlSeconds" is not one of them.',
    ],
    [{ breaker: null }, "breaker must be an object, but got: null"],
    [{ breaker: { open: 5 } }, 'breaker knows the options openMs; "open" is not one of them.'],
    [{ leaseSeconds: 0 }, "leaseSeconds must be a number from 0.001 to 86400, but got: 0"],
    [{ leaseSeconds: "10" }, 'leaseSeconds must be a number from 0.001 to 86400, but got: "10"'],
    [{ waitSeconds: -1 }, "waitSeconds must be a number from 0.001 to 86400, but got: -1"],
    [
      { loadTimeoutSeconds: Number.POSITIVE_INFINITY },
      "loadTimeoutSeconds must be a number from 0.001 to 86400, but got: Infinity",
    ],
    [{ commandTimeoutMs: 0 }, "commandTimeoutMs must be a number from 1 to 60000, but got: 0"],
    [{ earlyRefresh: 101 }, "earlyRefresh must be a number from 0 to 100, but got: 101"],
    [{ earlyRefresh: Number.NaN }, "earlyRefresh must be a number from 0 to 100, but got: NaN"],
    [{ ttlJitter: 1 }, "ttlJitter must be a number from 0 to 0.9, but got: 1"],
    [
      { maxConcurrentLoads: 0 },
      "maxConcurrentLoads must be a whole number of at least 1, but got: 0",
    ],
    [
      { maxValueBytes: Number.NaN },
      "maxValueBytes must be a whole number of at least 1, but got: NaN",
    ],
    [{ waitReplicas: -1 }, "waitReplicas must be a whole number of at least 0, but got: -1"],
    [
      { compressAboveBytes: -1 },
      "compressAboveBytes must be a whole number of at least 0, but got: -1",
    ],
    [{ onOutage: "retry" }, 'onOutage must be "origin" or "throw", but got: "retry"'],
    [{ onOutage: true }, 'onOutage must be "origin" or "throw", but got: true'],
  ])("%j is refused in words", (options, message) => {
    const attempt = () => resolveSettings(options as CacheOptions);
    expect(attempt).toThrow(InvalidOptionError);
    expect(attempt).toThrow(expect.objectContaining({ message, code: "E_INVALID_OPTION" }));
  });

  test("may say that nothing is ever compressed", () => {
    const { compressAboveBytes } = resolveSettings({
      compressAboveBytes: Number.POSITIVE_INFINITY,
    });
    expect(compressAboveBytes).toBe(Number.POSITIVE_INFINITY);
  });

  test("a refusal shows no more than the beginning of a long text", () => {
    const attempt = () => resolveSettings({ onOutage: "x".repeat(500) as "throw" });
    expect(attempt).toThrow(`but got: "${"x".repeat(80)}"`);
    expect(attempt).not.toThrow("x".repeat(81));
  });
});

describe("the options of a lock", () => {
  const settings = resolveSettings({ leaseSeconds: 7, waitSeconds: 3 });

  test("are the cache's own unless given", () => {
    expect(resolveLockOptions({}, settings)).toEqual({ leaseMs: 7_000, waitMs: 3_000 });
    const given = { leaseSeconds: 1, waitSeconds: 0 };
    expect(resolveLockOptions(given, settings)).toEqual({ leaseMs: 1_000, waitMs: 0 });
  });

  test.each<[object, string]>([
    [
      { waitSecond: 1 },
      'lock knows the options leaseSeconds, waitSeconds; "waitSecond" is not one of them.',
    ],
    [{ leaseSeconds: 0 }, "leaseSeconds must be a number from 0.001 to 86400, but got: 0"],
    [{ waitSeconds: -1 }, "waitSeconds must be a number of seconds from 0 to a year, but got: -1"],
  ])("%j is refused in words", (options, message) => {
    const attempt = () => resolveLockOptions(options as LockOptions, settings);
    expect(attempt).toThrow(InvalidOptionError);
    expect(attempt).toThrow(expect.objectContaining({ message }));
  });
});
