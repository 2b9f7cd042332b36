import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type Cache,
  type CacheOptions,
  createCache,
  type EntryOptions,
  InvalidOptionError,
  type LoadMany,
} from "../../src/cache/index.js";
import { createGate } from "../support/gate.js";
import { collectGarbage } from "../support/heap.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describe.each(["in process", "on Redis"])("getOrSetMany %s", (where) => {
  const opened: Cache[] = [];
  const minute = { ttlSeconds: 60 };
  let lastKey = 0;
  const newKeys = (count: number) => Array.from({ length: count }, () => `${where} ${++lastKey}`);

  function open(options: CacheOptions = {}): Cache {
    const redis = where === "on Redis" ? { redis: server.client() } : {};
    const cache = createCache({ ...redis, commandTimeoutMs: 2000, earlyRefresh: 0, ...options });
    opened.push(cache);
    return cache;
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
  });

  /** Loads each key as itself in capitals, and keeps what it was asked for. */
  function countingLoad(): { calls: string[][]; loadMany: LoadMany<string> } {
    const calls: string[][] = [];
    return {
      calls,
      loadMany: async (keys) => {
        calls.push([...keys]);
        return keys.map((key) => key.toUpperCase());
      },
    };
  }

  it("loads all missing keys in one call, in their order, and the found ones not at all", async () => {
    const cache = open();
    const keys = newKeys(1000);
    const { calls, loadMany } = countingLoad();
    await cache.set(keys[500] as string, minute, "set before");
    const values = await cache.getOrSetMany(keys, minute, loadMany);
    const expected = keys.map((key, n) => (n === 500 ? "set before" : key.toUpperCase()));
    expect(values).toEqual(expected);
    expect(calls).toEqual([keys.filter((_, n) => n !== 500)]);
    expect(await cache.getOrSetMany(keys, minute, loadMany)).toEqual(expected);
    expect(calls).toHaveLength(1);
  });

  it("loads them in one call also where a group is named that is none", async () => {
    const { calls, loadMany } = countingLoad();
    const keys = newKeys(100);
    const options = { ...minute, loadGroup: undefined } as unknown as EntryOptions;
    await open().getOrSetMany(keys, options, loadMany);
    expect(calls).toEqual([keys]);
  });

  it("waits for keys that another caller already loads", async () => {
    const cache = open();
    const [a, b] = newKeys(2) as [string, string];
    const gate = createGate();
    const other = cache.getOrSet(a, minute, async () => {
      await gate.pass();
      return "another's";
    });
    await gate.arrived;
    const { calls, loadMany } = countingLoad();
    const many = cache.getOrSetMany([a, b], minute, loadMany);
    await expect.poll(() => calls).toEqual([[b]]);
    gate.open();
    expect(await many).toEqual(["another's", b.toUpperCase()]);
    await other;
  });

  it("asks once for a key that is named twice", async () => {
    const cache = open();
    const [a] = newKeys(1) as [string];
    const { calls, loadMany } = countingLoad();
    expect(await cache.getOrSetMany([a, a], minute, loadMany)).toEqual([
      a.toUpperCase(),
      a.toUpperCase(),
    ]);
    expect(calls).toEqual([[a]]);
  });

  it("loads those whose last load left nothing to store in one call with those that are new", async () => {
    const cache = open();
    const keys = newKeys(10);
    const options = { ...minute, tags: ["stock"], nullTtlSeconds: 0 };
    await cache.getOrSetMany(keys.slice(0, 5), options, (asked) => asked.map(() => null));
    const { calls, loadMany } = countingLoad();
    const twice = [...keys, keys[0] as string];
    const values = await cache.getOrSetMany(twice, options, loadMany);
    expect(values).toEqual(twice.map((key) => key.toUpperCase()));
    expect(calls.map((asked) => asked.toSorted())).toEqual([keys.toSorted()]);
  });

  it("puts an error in the place of the key that failed, and caches the others", async () => {
    const cache = open();
    const [a, b] = newKeys(2) as [string, string];
    const failure = new Error("no such item");
    const values = await cache.getOrSetMany([a, b], minute, (keys) =>
      keys.map((key) => (key === a ? failure : "good")),
    );
    expect(values).toEqual([failure, "good"]);
    expect(values[0]).toBe(failure);
    expect(await cache.get(a)).toBeUndefined();
    expect(await cache.get(b)).toBe("good");
  });

  it("fails every key it leads when the load throws", async () => {
    const cache = open();
    const thrown = new Error("down");
    const failed = await cache.getOrSetMany(newKeys(2), minute, () => Promise.reject(thrown));
    expect(failed).toEqual([thrown, thrown]);
  });

  it.each<[string, unknown]>([
    ["0 results", []],
    ["2 results", [1, 2]],
    ["undefined", undefined],
  ])("says so where it gives %s for one key", async (gave, results) => {
    const loadMany = (() => results) as LoadMany<unknown>;
    const [failed] = await open().getOrSetMany(newKeys(1), minute, loadMany);
    expect(failed).toMatchObject({
      message: `loadMany must give one result for each of its 1 keys, in their order, but gave: ${gave}`,
    });
  });

  it("makes an error of what a load throws that is none, and keeps that as its cause", async () => {
    const thrown = { reason: "no such table" };
    const [failed] = await open().getOrSetMany(newKeys(1), minute, () => Promise.reject(thrown));
    expect(failed).toBeInstanceOf(Error);
    expect((failed as Error).cause).toBe(thrown);
  });

  it("takes an error among the results for a load that failed: what is stale serves in its place", async () => {
    const cache = open();
    const keys = newKeys(2);
    const options = { ttlSeconds: 0.02, staleIfErrorSeconds: 60 };
    await cache.getOrSetMany(keys.slice(0, 1), options, () => ["before"]);
    const failure = new Error("The database is down.");
    const failing: LoadMany<string> = (asked) => asked.map(() => failure);
    await expect
      .poll(() => cache.lookup(keys[0] as string, options, () => Promise.reject(failure)))
      .toMatchObject({ status: "stale" });
    expect(await cache.getOrSetMany(keys, options, failing)).toEqual(["before", failure]);
  });

  it("takes a key that is not being loaded for misuse", async () => {
    const call = open().getOrSetMany(newKeys(1), minute, (keys, { of }) => {
      of("another").setTtlSeconds(1);
      return keys;
    });
    const message = "The key must be one that is being loaded, but got: another";
    await expect(call).rejects.toThrow(new InvalidOptionError(message));
  });

  it("needs no room of its own inside a load, told of it", async () => {
    const cache = open({ maxConcurrentLoads: 1, loadTimeoutSeconds: 5 });
    const [outer, ...inner] = newKeys(3) as [string, ...string[]];
    const { loadMany } = countingLoad();
    const found = await cache.getOrSet(outer, minute, (context) =>
      cache.getOrSetMany(inner, { ...minute, loadGroup: context }, loadMany),
    );
    expect(found).toEqual(inner.map((key) => key.toUpperCase()));
  });

  it("takes tags and ttl for each key, before the load and from its result", async () => {
    const cache = open();
    const [a, b] = newKeys(2) as [string, string];
    await cache.getOrSetMany(
      [a, b],
      (key) => ({ ttlSeconds: key === a ? 60 : 30, tags: [`${key} known`] }),
      (keys, { of }) => {
        of(b).addTags(`${b} found`);
        of(b).setTtlSeconds(1000);
        return keys.map(() => 1);
      },
    );
    const inA = await cache.lookup(a, minute, () => 2);
    const inB = await cache.lookup(b, minute, () => 2);
    expect(inA).toMatchObject({ status: "hit", tags: [`${a} known`] });
    expect(inA.remainingSeconds).toBeLessThanOrEqual(60);
    expect(inB).toMatchObject({ status: "hit", tags: [`${b} known`, `${b} found`] });
    expect(inB.remainingSeconds).toBeGreaterThan(800);
    await cache.evictTags([`${b} found`]);
    expect(await cache.get(a)).toBe(1);
    expect(await cache.get(b)).toBeUndefined();
  });

  it("is told when its keys are given up, also where it asks only after that", async () => {
    const cache = open();
    const gate = createGate();
    const seen: AbortSignal[] = [];
    const calls = [true, false].map((asksAtOnce) =>
      cache.getOrSetMany(newKeys(2), minute, async (keys, context) => {
        if (asksAtOnce) seen.push(context.signal);
        await gate.pass();
        seen.push(context.signal);
        return keys;
      }),
    );
    await expect.poll(() => seen.length).toBe(1);
    await cache.close();
    await Promise.all(calls);
    gate.open();
    await expect.poll(() => seen.length).toBe(3);
    expect(seen.map(({ aborted }) => aborted)).toEqual([true, true, true]);
    expect(seen[0]).toBe(seen[1]);
  });

  it("keeps nothing of a load that listened to the signal of all its keys, and never stopped to", async () => {
    const cache = open();
    const signals: WeakRef<AbortSignal>[] = [];
    for (let call = 0; call < 10; call += 1) {
      await cache.getOrSetMany(newKeys(2), minute, (keys, { signal }) => {
        signal.addEventListener("abort", () => keys);
        signals.push(new WeakRef(signal));
        return keys;
      });
    }
    const countKept = () => {
      collectGarbage();
      return signals.filter((signal) => signal.deref()).length;
    };
    await expect.poll(countKept).toBe(0);
  });

  it("aborts the signal of all keys with the first one's reason", async () => {
    const cache = open({ loadTimeoutSeconds: 0.05 });
    const seen: AbortSignal[] = [];
    const found = await cache.getOrSetMany(newKeys(2), minute, (_, context) => {
      seen.push(context.signal);
      return new Promise(() => {});
    });
    expect(found).toMatchObject([{ code: "E_LOAD_TIMEOUT" }, { code: "E_LOAD_TIMEOUT" }]);
    expect(seen[0]?.aborted).toBe(true);
    expect(seen[0]?.reason).toBe(found[0]);
  });

  it("counts as one load against the limit", async () => {
    const cache = open();
    const keys = newKeys(200);
    const { calls, loadMany } = countingLoad();
    await cache.getOrSetMany(keys, minute, loadMany);
    expect(calls).toEqual([keys]);
  });

  it("refuses misuse at once", async () => {
    const cache = open();
    const call = cache.getOrSetMany(newKeys(1), { ttlSeconds: 0 }, () => [1]);
    await expect(call).rejects.toThrow(InvalidOptionError);
    expect(await cache.getOrSetMany([], minute, () => [])).toEqual([]);
  });
});
