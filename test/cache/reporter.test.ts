import { afterEach, describe, expect, test, vi } from "vitest";
import { CachedError, NotCacheableError, StoreError } from "../../src/cache/errors.js";
import type { CacheEvent } from "../../src/cache/events.js";
import { createReporter } from "../../src/cache/reporter.js";

afterEach(() => void vi.unstubAllGlobals());

function createHeard() {
  const reporter = createReporter();
  const heard: CacheEvent[] = [];
  const stop = reporter.listen((event) => heard.push(event));
  return { reporter, heard, stop };
}

describe("statistics", () => {
  const nothing = {
    hits: 0,
    nearHits: 0,
    staleHits: 0,
    misses: 0,
    fills: 0,
    waits: 0,
    loads: 0,
    evictions: 0,
    puts: 0,
    written: 0,
    writeFailures: 0,
    deadLetters: 0,
    outages: 0,
    errors: 0,
    hitRatio: 0,
  };

  test("begin with nothing", () => {
    expect(createReporter().stats()).toEqual(nothing);
  });

  test.each<[CacheEvent, object]>([
    [
      { type: "hit", key: "a", ageSeconds: 1 },
      { hits: 1, hitRatio: 1 },
    ],
    [
      { type: "staleHit", key: "a", ageSeconds: 1, reason: "revalidate" },
      { staleHits: 1, hitRatio: 1 },
    ],
    [{ type: "miss", key: "a" }, { misses: 1 }],
    [{ type: "wait", key: "a" }, { waits: 1 }],
    [{ type: "load", key: "a", stored: false }, { loads: 1 }],
    [{ type: "fill", key: "a", loadSeconds: 1, bytes: 1 }, { fills: 1 }],
    [{ type: "evict", tags: ["a", "b"], entries: 5, delivered: true }, { evictions: 2 }],
    [{ type: "put", key: "a", queue: "q", sequence: 1 }, { puts: 1 }],
    [{ type: "written", queue: "q", keys: ["a", "b"], seconds: 1 }, { written: 2 }],
    [
      { type: "writeFailed", key: "a", queue: "q", attempt: 1, retrySeconds: 1, error: "no" },
      { writeFailures: 1 },
    ],
    [
      { type: "deadLetter", key: "a", queue: "q", sequence: 1, attempts: 1, error: "no" },
      { deadLetters: 1 },
    ],
    [{ type: "error", error: new StoreError("no") }, { errors: 1 }],
    [{ type: "outage", error: new StoreError("no") }, { outages: 1 }],
    [{ type: "recovery" }, {}],
    [{ type: "refused", key: "a", reason: "null" }, {}],
    [{ type: "refresh", key: "a" }, {}],
    [{ type: "delete", key: "a" }, {}],
    [{ type: "recovery" }, {}],
  ])("count $type", (event, counted) => {
    const reporter = createReporter();
    reporter.report(event);
    expect(reporter.stats()).toEqual({ ...nothing, ...counted });
  });

  test("count a hit that nobody listens to as well", () => {
    const { reporter, stop } = createHeard();
    reporter.hit({ key: "a" }, 1);
    stop();
    reporter.hit({ key: "a" }, 1);
    expect(reporter.stats().hits).toBe(2);
  });

  test("have a hit ratio that stale hits count in and waits do not", () => {
    const reporter = createReporter();
    reporter.hit({ key: "a" }, 0);
    reporter.report({ type: "staleHit", key: "a", ageSeconds: 1, reason: "revalidate" });
    reporter.report({ type: "miss", key: "a" });
    reporter.report({ type: "wait", key: "a" });
    reporter.report({ type: "miss", key: "a" });
    expect(reporter.stats().hitRatio).toBe(0.5);
  });

  test("count a lookup that a stale entry answered in the place of an error as one", () => {
    const reporter = createReporter();
    reporter.report({ type: "miss", key: "a" });
    reporter.report({ type: "staleHit", key: "a", ageSeconds: 1, reason: "error" });
    reporter.report({ type: "miss", key: "a" });
    expect(reporter.stats()).toMatchObject({ misses: 2, staleHits: 1, hitRatio: 0.5 });
  });

  test("given out once do not change afterwards", () => {
    const reporter = createReporter();
    const stats = reporter.stats();
    reporter.report({ type: "miss", key: "a" });
    expect(stats.misses).toBe(0);
  });
});

describe("listeners", () => {
  test("hear every event in its order, until they stop", () => {
    const { reporter, heard, stop } = createHeard();
    reporter.report({ type: "miss", key: "a" });
    reporter.hit({ key: "a", coordinate: "Query.menu" }, 2);
    reporter.hit({ key: "b", coordinate: undefined }, 0);
    stop();
    reporter.report({ type: "miss", key: "b" });
    expect(heard).toStrictEqual([
      { type: "miss", key: "a" },
      { type: "hit", key: "a", coordinate: "Query.menu", ageSeconds: 2 },
      { type: "hit", key: "b", ageSeconds: 0 },
    ]);
  });

  test("that throw disturb neither the caller nor each other, and their error is not lost", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const reporter = createReporter();
    const heard: CacheEvent[] = [];
    reporter.listen(() => {
      throw new Error("a listener's fault");
    });
    reporter.listen((event) => heard.push(event));
    reporter.report({ type: "recovery" });
    expect(heard).toEqual([{ type: "recovery" }]);
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining("a listener's fault"),
      expect.objectContaining({ code: "E_LISTENER" }),
    );
    warn.mockRestore();
  });
});

describe("errors inside the cache", () => {
  test("of our own are told as they are", () => {
    const { reporter, heard } = createHeard();
    const error = new StoreError("no");
    reporter.error(error);
    reporter.error(error, { key: "a", coordinate: "Query.menu" });
    expect(heard).toStrictEqual([
      { type: "error", error },
      { type: "error", error, key: "a", coordinate: "Query.menu" },
    ]);
    expect(heard[0]).toHaveProperty("error", error);
  });

  test("of anybody else become the cause of one that knows the key", () => {
    const { reporter, heard } = createHeard();
    const cause = new RangeError("no");
    reporter.error(cause, { key: "a", coordinate: "Query.menu" });
    const [event] = heard;
    expect(event).toMatchObject({ type: "error", key: "a", coordinate: "Query.menu" });
    const error = event?.type === "error" ? event.error : undefined;
    expect(error).toBeInstanceOf(CachedError);
    expect(error).toMatchObject({ code: "E_STORE", cause, key: "a", coordinate: "Query.menu" });
  });

  test("that are told once are told once for each coordinate, or key where there is none", () => {
    const { reporter, heard } = createHeard();
    const error = new NotCacheableError("no");
    for (let turn = 0; turn < 3; turn += 1) {
      reporter.errorOnce(error, { key: "a" });
      reporter.errorOnce(error, { key: "b" });
      reporter.errorOnce(error, { key: `c${turn}`, coordinate: "Query.menu" });
    }
    expect(heard.map((event) => (event.type === "error" ? event.key : ""))).toEqual([
      "a",
      "b",
      "c0",
    ]);
    expect(reporter.stats().errors).toBe(3);
  });

  test("that are told once are remembered for a bounded number of keys", () => {
    const { reporter, heard } = createHeard();
    for (let key = 0; key < 5_000; key += 1) {
      reporter.errorOnce(new NotCacheableError("no"), { key: String(key) });
    }
    expect(heard).toHaveLength(1_000);
  });
});
