import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type CdnOptions, createCdn } from "../../src/apollo/cdn.js";
import { StoreUnavailableError } from "../../src/cache/errors.js";
import type { CacheEvent, CacheListener } from "../../src/cache/events.js";
import { createTestCache } from "../directives/support/cached-schema.js";
import { createGate } from "../support/gate.js";

function openCdn(options: Partial<CdnOptions> = {}) {
  const purged: string[][] = [];
  let listener: CacheListener | undefined;
  const cdn = createCdn(
    {
      onEvent: (given) => {
        listener = given;
        return () => {
          listener = undefined;
        };
      },
    },
    { purge: (keys) => purged.push([...keys]), ...options },
  );
  onTestFinished(() => cdn.close());
  const tell = (event: CacheEvent) => listener?.(event);
  return {
    cdn,
    purged,
    tell,
    evict: (tags: string[], delivered = true) =>
      tell({ type: "evict", tags, entries: 1, delivered }),
    isListening: () => listener !== undefined,
  };
}

describe("a CDN", () => {
  test("is purged of what a cache evicts, before that is answered for", async () => {
    const purged: string[][] = [];
    const cache = createTestCache();
    const cdn = createCdn(cache, { purge: (keys) => purged.push([...keys]) });
    onTestFinished(() => cdn.close());

    await cache.evictTags(["menu", "the menu"]);
    await cdn.settled();

    expect(purged).toEqual([["menu", "the%20menu"]]);
  });

  test("is told once of what several evictions of one moment name, and of no more than 250 keys at a time", async () => {
    const { cdn, purged, evict } = openCdn();
    evict(["a", "b"]);
    evict(["b", "c"]);
    await cdn.settled();
    expect(purged).toEqual([["a", "b", "c"]]);

    purged.length = 0;
    evict(Array.from({ length: 600 }, (_, index) => `item:${index}`));
    await cdn.settled();
    expect(purged.map((keys) => keys.length)).toEqual([250, 250, 100]);
  });

  test("holds an answer for its purge, but not for longer than waitSeconds", async () => {
    const gate = createGate();
    const { cdn, evict } = openCdn({ purge: () => gate.pass(), waitSeconds: 0.01 });
    onTestFinished(() => gate.open());
    evict(["a"]);
    await cdn.settled();
    expect(gate.isOpen).toBe(false);
  });

  test("holds an answer for the next try of a purge that failed, and one that comes before it as well", async () => {
    const tried: string[][] = [];
    const failed = createGate();
    const { cdn, evict } = openCdn({
      purge(keys) {
        tried.push([...keys]);
        if (tried.length > 1) return;
        failed.open();
        throw new Error("the CDN is away");
      },
      onProblem: () => {},
    });
    evict(["menu"]);
    const first = cdn.settled();
    await failed.pass();
    await new Promise(setImmediate);
    await Promise.all([first, cdn.settled()]);
    expect(tried).toEqual([["menu"], ["menu"]]);
  });

  test("lets an answer go though the listener of failed purges fails itself", async () => {
    const fail = () => {
      throw new Error("503");
    };
    const { cdn, evict } = openCdn({ purge: fail, onProblem: fail });
    evict(["a"]);
    await expect(cdn.settled()).resolves.toBeUndefined();
    expect(cdn.keysHeader(["a"])).toBeUndefined();
  });

  test("is neither purged nor given answers once it is closed", () => {
    const { cdn, isListening } = openCdn();
    cdn.close();
    expect(isListening()).toBe(false);
    expect(cdn.keysHeader(["a"])).toBeUndefined();
  });
});

describe("in time, a CDN", () => {
  const error = new StoreUnavailableError("The store is away.");
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const macrotask = () => new Promise(setImmediate);
  const pass = async (ms: number) => {
    await macrotask();
    await vi.advanceTimersByTimeAsync(ms);
    await macrotask();
  };

  test("is purged once more, of what an answer from before may have brought it since", async () => {
    const { purged, evict } = openCdn({ repeatAfterSeconds: 10 });
    evict(["a"]);
    await pass(9_999);
    expect(purged).toEqual([["a"]]);
    await pass(1);
    expect(purged).toEqual([["a"], ["a"]]);
    await pass(60_000);
    expect(purged).toHaveLength(2);
  });

  test("is purged once more of what is evicted again while an earlier purge is repeated", async () => {
    const { purged, evict } = openCdn({ repeatAfterSeconds: 10 });
    evict(["a"]);
    await pass(9_999);
    evict(["a"]);
    vi.advanceTimersByTime(1);
    await macrotask();
    expect(purged).toHaveLength(2);
    await pass(10_000);
    expect(purged).toHaveLength(3);
  });

  test("is purged once more of what is evicted again while a repeated purge fails", async () => {
    let isDown = false;
    const purged: string[][] = [];
    const { evict } = openCdn({
      purge: (keys) => {
        purged.push([...keys]);
        if (!isDown) return;
        isDown = false;
        evict(["a"]);
        throw new Error("503");
      },
      onProblem: () => undefined,
      repeatAfterSeconds: 10,
    });
    evict(["a"]);
    await pass(9_999);
    isDown = true;
    await pass(1);
    await pass(250);
    expect(purged).toHaveLength(3);
    await pass(10_000);
    expect(purged).toHaveLength(4);
  });

  test("is given no answers from a purge that failed to one that succeeds", async () => {
    let isDown = true;
    const purged: string[][] = [];
    const problems: unknown[] = [];
    const { cdn, evict } = openCdn({
      purge: (keys) => {
        if (isDown) throw new Error("503");
        purged.push([...keys]);
      },
      onProblem: (problem) => problems.push(problem),
    });
    expect(cdn.keysHeader(["a"])).toEqual({ name: "surrogate-key", value: "a" });

    evict(["a"]);
    await pass(0);
    expect(cdn.keysHeader(["b"])).toBeUndefined();
    evict(["b"]);
    await pass(250);
    expect([purged, problems.length]).toEqual([[], 2]);

    isDown = false;
    await pass(1_000);
    expect(purged).toEqual([["a", "b"]]);
    expect(cdn.keysHeader(["b"])).toBeDefined();
  });

  test("is tried ever more seldom, down to once in half a minute, and warned of once", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    let purges = 0;
    const { evict } = openCdn({
      purge: () => {
        purges += 1;
        throw new Error("503");
      },
    });
    evict(["a"]);
    await pass(0);
    for (const [index, afterMs] of [250, 1_000, 5_000, 30_000, 30_000].entries()) {
      await pass(afterMs - 1);
      expect(purges).toBe(index + 1);
      await pass(1);
      expect(purges).toBe(index + 2);
    }
    expect(warn.mock.calls).toMatchObject([["A CDN was not purged: 503", { code: "E_PURGE" }]]);
  });

  test("is not purged once more after it is closed", async () => {
    const { cdn, purged, evict } = openCdn();
    evict(["a"]);
    await pass(0);
    cdn.close();
    await pass(60_000);
    expect(purged).toEqual([["a"]]);
  });

  test("holds no answer once it is closed, of what failed to be purged neither", async () => {
    const { cdn, evict } = openCdn({
      purge: () => {
        throw new Error("503");
      },
      onProblem: () => {},
    });
    evict(["a"]);
    await pass(0);
    const waiting = cdn.settled();
    evict(["b"]);
    cdn.close();
    await waiting;
    await cdn.settled();
  });

  test("is given no answers while its purges hang, and is purged of all that came meanwhile once they do not", async () => {
    let isHanging = true;
    const purged: string[][] = [];
    const { cdn, evict } = openCdn({
      purge: (keys) => {
        if (isHanging) return new Promise(() => {});
        purged.push([...keys]);
      },
      onProblem: () => {},
    });
    evict(["a"]);
    await pass(0);
    evict(["b"]);
    await pass(10_000);
    expect(cdn.keysHeader(["c"])).toBeUndefined();

    isHanging = false;
    await pass(250);
    expect(purged.flat().sort()).toEqual(["a", "b"]);
    expect(cdn.keysHeader(["c"])).toBeDefined();
  });

  test("is not purged again of what was under way, and fails, as it is closed", async () => {
    const gate = createGate();
    let purges = 0;
    const { cdn, evict } = openCdn({
      purge: async () => {
        purges += 1;
        await gate.pass();
        throw new Error("503");
      },
      onProblem: () => {},
    });
    evict(["a"]);
    await gate.arrived;
    cdn.close();
    gate.open();
    await pass(60_000);
    expect(purges).toBe(1);
  });

  test("is purged again of what other processes learned of later, when they have", async () => {
    const { purged, evict, tell } = openCdn();
    evict(["a"], false);
    await pass(10_000);
    purged.length = 0;

    tell({ type: "recovery" });
    await pass(0);
    expect(purged).toEqual([["a"]]);
    await pass(10_000);
    expect(purged).toEqual([["a"], ["a"]]);
  });

  test("is purged again of what was delivered at a recovery after an outage soon after that, and after no later one", async () => {
    const { purged, evict, tell } = openCdn();
    const purgedAtRecovery = async () => {
      await pass(20_000);
      purged.length = 0;
      tell({ type: "outage", error });
      tell({ type: "recovery" });
      await pass(0);
      return purged;
    };
    tell({ type: "outage", error });
    evict(["a"], false);
    tell({ type: "recovery" });
    expect(await purgedAtRecovery()).toEqual([["a"]]);
    await pass(120_000);
    evict(["b"]);
    expect(await purgedAtRecovery()).toEqual([["b"]]);
  });

  test("is purged again of what waited for one node of a cluster, though another was back before it", async () => {
    const { purged, evict, tell } = openCdn();
    for (const node of ["one", "two"]) tell({ type: "outage", error, node });
    evict(["a"], false);
    tell({ type: "recovery", node: "one" });
    await pass(10_000);
    purged.length = 0;

    tell({ type: "recovery", node: "two" });
    await pass(0);
    expect(purged).toEqual([["a"]]);
  });

  test("is purged again, after an outage, of what a server promoted in it may have lacked", async () => {
    const { purged, evict, tell } = openCdn();
    evict(["long ago"]);
    await pass(120_000);
    evict(["a"]);
    tell({ type: "outage", error, node: "one" });
    await pass(600_000);
    evict(["of another node"]);
    await pass(20_000);
    purged.length = 0;

    tell({ type: "recovery", node: "one" });
    await pass(0);
    expect(purged).toEqual([["a", "of%20another%20node"]]);
  });

  test("goes on after an outage, however much was evicted just before it", async () => {
    const { cdn, evict, tell } = openCdn();
    for (let from = 0; from <= 100_000; from += 1_000) {
      evict(Array.from({ length: 1_000 }, (_, index) => `item:${from + index}`));
      await pass(0);
    }
    tell({ type: "outage", error });
    evict(["a"], false);
    tell({ type: "recovery" });
    await pass(0);
    expect(cdn.keysHeader(["b"])).toBeDefined();
  });

  test("goes on however much lacked replicas when it was evicted, since other processes have that at once", async () => {
    const { cdn, evict, tell } = openCdn();
    for (let from = 0; from <= 100_000; from += 1_000) {
      evict(
        Array.from({ length: 1_000 }, (_, index) => `item:${from + index}`),
        false,
      );
      await pass(10_000);
    }
    evict(["b"]);
    tell({ type: "outage", error });
    tell({ type: "recovery" });
    await pass(0);
    expect(cdn.keysHeader(["a"])).toBeDefined();
  });

  test("is given nothing any more once too much of it could not be purged", async () => {
    const problems: unknown[] = [];
    const { cdn, evict } = openCdn({
      purge: () => {
        throw new Error("503");
      },
      onProblem: (problem) => problems.push(problem),
    });
    for (let from = 0; from <= 250_000; from += 1_000) {
      evict(Array.from({ length: 1_000 }, (_, index) => `item:${from + index}`));
    }
    await pass(60_000);
    expect(cdn.keysHeader([])).toBeUndefined();
    expect(String(problems[0])).toContain("it is given no more answers");
  });
});

describe("the options of a CDN", () => {
  test("do not stand in the place of the cache", () => {
    const misplaced = { purge: () => {} } as never;
    expect(() => createCdn(misplaced, misplaced)).toThrow(
      "cache must be a cache, but got: an object",
    );
  });

  test.each<[string, Partial<Record<keyof CdnOptions | "waitSecond", unknown>>, string]>([
    ["a misspelt one", { waitSecond: 2 }, '"waitSecond" is not one of them'],
    ["no hook", { purge: undefined }, "purge must be a function, but got: undefined"],
    [
      "no header",
      { header: "Cache Tag" },
      'header must be the name of a header, but got: "Cache Tag"',
    ],
    ["a time before now", { waitSeconds: -1 }, "waitSeconds must be a number of seconds from 0"],
    [
      "no time",
      { repeatAfterSeconds: Number.NaN },
      "repeatAfterSeconds must be a number of seconds",
    ],
  ])("are refused where they cannot be used: %s", (_, options, text) => {
    expect(() => openCdn(options as Partial<CdnOptions>)).toThrow(text);
  });
});
