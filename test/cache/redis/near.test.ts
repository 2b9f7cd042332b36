import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Cache, CacheOptions, Position } from "../../../src/cache/index.js";
import { startMutingProxy } from "../../support/muting-proxy.js";
import { createOrigin } from "../../support/origin.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { skippingClock } from "../../support/skipping-clock.js";
import { testCaches } from "../../support/test-caches.js";

let server: RedisServer;
let lastKey = 0;
const caches = testCaches(() => ({ redis: server.client(), commandTimeoutMs: 2000, near: {} }));
const { open } = caches;
const minute = { ttlSeconds: 60 };
const newKey = () => `key ${++lastKey}`;

beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  await caches.close();
});
afterAll(() => server.stop());

/** Caches with connections of their own, as those of other processes. */
async function openReady(options: CacheOptions = {}): Promise<Cache> {
  const cache = open(options);
  await expect.poll(async () => (await cache.health()).problems).toEqual([]);
  return cache;
}

const never = () => {
  throw new Error("Nothing may be loaded.");
};

/** Filled and at hand. */
async function filled(cache: Cache, key: string, tags: string[] = []): Promise<void> {
  await cache.getOrSet(key, { ...minute, tags }, () => "old");
  await warm(cache, key);
}

/** At hand for good: a commit's own push may overtake the read that keeps it, so all pushes are waited for. */
async function warm(cache: Cache, key: string): Promise<void> {
  await cache.evictTags(["the last before"]);
  const { n } = (await server.client().get("cached:log").then(readLogPosition)) as Position;
  await expect.poll(async () => (await cache.position())?.n, { interval: 5 }).toBe(n);
  await cache.warm([key]);
  expect(cache.lookupNear(key, minute)).toBeDefined();
}

function readLogPosition(text: string | null): Position {
  const [epoch, n] = (text ?? "").split(/[:@]/) as [string, string];
  return { epoch: Number.parseInt(epoch, 16), n: Number(n) };
}

describe("A near cache", () => {
  it("hears nothing of another database of its server", async () => {
    const [cache, ofAnother] = [
      await openReady(),
      await openReady({ redis: server.client({ db: 1 }) }),
    ];
    const [key, last] = [newKey(), newKey()];
    await filled(cache, key, [key]);
    await filled(cache, last, [last]);
    const before = await cache.position();
    await ofAnother.evictTags([key]);
    await ofAnother.delete(key);
    expect(await ofAnother.position()).not.toMatchObject({ epoch: before?.epoch });
    await open().evictTags([last]);
    await expect.poll(() => cache.lookupNear(last, minute), { interval: 5 }).toBeUndefined();
    expect(cache.lookupNear(key, minute)).toMatchObject({ value: "old" });
    expect(await cache.position()).toEqual({ ...before, n: (before?.n ?? 0) + 1 });
  });

  it("refreshes what is there when it is asked to, and nothing else", async () => {
    const cache = await openReady();
    const key = newKey();
    await filled(cache, key);
    const refresh = vi.fn(() => "new");
    cache.refresh(newKey(), minute, refresh);
    cache.refresh(key, minute, refresh);
    await expect.poll(() => cache.get(key)).toBe("new");
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["plain data", { sizes: [1] }],
    ["what freezing does not protect", { prices: new Map([["s", 1]]) }],
  ])("hands each caller an answer of its own, of %s", async (_, value) => {
    const cache = await openReady();
    const key = newKey();
    await cache.getOrSet(key, minute, () => value);
    await warm(cache, key);
    const first = cache.lookupNear(key) as object;
    Object.assign(first, { value: "forged", tags: ["forged"], isDue: true });
    expect(cache.lookupNear(key)).toMatchObject({ value, tags: [], isDue: false });
    expect({ ...cache.lookupNear(key) }).toHaveProperty("remainingSeconds");
  });

  it("answers without a promise, and counts it", async () => {
    const cache = await openReady();
    const key = newKey();
    expect(cache.lookupNear(key, minute)).toBeUndefined();
    await filled(cache, key);
    const before = cache.stats().nearHits;
    expect(cache.lookupNear(key, minute)).toMatchObject({ value: "old", status: "hit" });
    expect(await cache.getOrSet(key, minute, never)).toBe("old");
    expect(await cache.get(key)).toBe("old");
    expect(cache.stats().nearHits).toBe(before + 2);
  });

  it("keeps nothing of an entry that is not to be near", async () => {
    const cache = await openReady();
    const key = newKey();
    const far = { ...minute, near: false };
    await cache.getOrSet(key, far, () => "value");
    await cache.getOrSet(key, far, never);
    expect(cache.lookupNear(key, minute)).toBeUndefined();
  });

  it.each<[string, (cache: Cache, key: string) => Promise<unknown>]>([
    ["an eviction", (cache, key) => cache.evictTags([`${key} tag`])],
    ["an eviction of several tags", (cache, key) => cache.evictTags(["other", `${key} tag`])],
    ["a deletion", (cache, key) => cache.delete(key)],
    ["a set", (cache, key) => cache.set(key, { ...minute, tags: [`${key} tag`] }, "new")],
    ["a clear", (cache) => cache.clear()],
  ])("follows %s of its own process at once, and of another soon", async (_, change) => {
    const [a, b] = [await openReady(), await openReady()];
    const key = newKey();
    const options = { ...minute, tags: [`${key} tag`] };
    await filled(a, key, options.tags);
    await filled(b, key, options.tags);
    const changed = change(a, key);
    // Before anybody could have answered.
    expect(a.lookupNear(key, options)).toBeUndefined();
    await changed;
    expect(await a.getOrSet(key, options, () => "new")).toBe("new");
    await expect.poll(() => b.lookupNear(key, options), { interval: 1 }).toBeUndefined();
    expect(await b.getOrSet(key, options, () => "new")).toBe("new");
  });

  it("is warmed ahead", async () => {
    const [a, b] = [await openReady(), await openReady()];
    const [key, other] = [newKey(), newKey()];
    await a.getOrSet(key, { ...minute, tags: ["warm"] }, () => "value");
    await warm(b, key);
    await b.warm([key, other]);
    expect(b.lookupNear(key, minute)).toMatchObject({ value: "value", tags: ["warm"] });
    expect(b.lookupNear(other, minute)).toBeUndefined();
  });

  it("takes nothing in while its pushes are cut off, and begins anew when they are back", async () => {
    const cache = await openReady();
    const [key, other] = [newKey(), newKey()];
    await filled(cache, key);
    const admin = server.client();
    // Takes the subscriptions away, and lets nobody subscribe.
    await admin.call("ACL", "SETUSER", "default", "resetchannels");
    await expect.poll(async () => (await cache.health()).problems.length).toBeGreaterThan(0);
    await cache.getOrSet(other, minute, () => "value");
    await cache.getOrSet(other, minute, never);
    expect(cache.lookupNear(other, minute)).toBeUndefined();
    await admin.call("ACL", "SETUSER", "default", "allchannels");
    await expect.poll(async () => (await cache.health()).problems, { timeout: 5_000 }).toEqual([]);
    expect(cache.lookupNear(key, minute)).toBeUndefined();
    await filled(cache, newKey());
  });

  it("serves nothing past its age while pushes are lost that nobody notices", async () => {
    await using proxy = await startMutingProxy(server.port);
    const redis = server.client({ port: proxy.port });
    const cache = await openReady({ redis, near: { maxAgeSeconds: 0.5 } });
    const other = open({ near: false });
    const key = newKey();
    const options = { ...minute, tags: [`${key} tag`] };
    await filled(cache, key, options.tags);
    proxy.mute();
    await other.evictTags(options.tags);
    const evictedAt = performance.now();
    await expect
      .poll(() => cache.lookupNear(key, options), { interval: 5, timeout: 5_000 })
      .toBeUndefined();
    expect(performance.now() - evictedAt).toBeLessThan(600);
    proxy.unmute();
    expect(await cache.getOrSet(key, options, () => "new")).toBe("new");
    await expect
      .poll(async () => {
        await cache.warm([key]);
        return cache.lookupNear(key, options)?.value;
      })
      .toBe("new");
  });

  it("lets no load store what it saw near from before an eviction that was not told yet", async () => {
    await using proxy = await startMutingProxy(server.port);
    const redis = server.client({ port: proxy.port });
    const [a, b] = [await openReady({ redis, near: { maxAgeSeconds: 60 } }), await openReady()];
    const [inner, outer] = [newKey(), newKey()];
    const options = { ...minute, tags: [`${inner} tag`] };
    await filled(a, inner, options.tags);
    proxy.mute();
    await b.evictTags(options.tags);
    const load = () => `from ${a.lookupNear(inner, options)?.value}`;
    // Its lease has the newest versions, and what it saw is from before them.
    expect(await a.getOrSet(outer, options, load)).toBe("from old");
    expect(await b.get(outer)).toBeUndefined();
    // A load that sees nothing near is nobody's to refuse.
    expect(await a.getOrSet(outer, options, () => "anew")).toBe("anew");
    expect(await b.get(outer)).toBe("anew");
  });

  it("refreshes a hot entry early though it is read near", async () => {
    const cache = await openReady({ earlyRefresh: 100, near: { maxAgeSeconds: 60 } });
    const key = newKey();
    const clock = skippingClock();
    const origin = createOrigin((load: number) => {
      clock.skip(200);
      return load;
    });
    const options = { ttlSeconds: 20 };
    await cache.getOrSet(key, options, origin.load);
    await warm(cache, key);
    await expect
      .poll(
        async () => {
          const near = cache.lookupNear(key, options);
          if (near?.isDue) cache.refresh(key, options, origin.load);
          if (!near) await cache.warm([key]);
          return origin.loads;
        },
        { timeout: 5_000, interval: 5 },
      )
      .toBe(2);
    expect(cache.stats()).toMatchObject({ misses: 1 });
  });

  it("answers through an outage, and what is past its time only in place of an error", async () => {
    const cache = await openReady({ near: { maxAgeSeconds: 1 }, commandTimeoutMs: 100 });
    const [key, gone] = [newKey(), newKey()];
    const options = { ...minute, staleIfErrorSeconds: 60 };
    await cache.getOrSet(key, options, () => "old");
    await cache.getOrSet(gone, { ...options, tags: ["gone"] }, () => "old");
    await warm(cache, key);
    await warm(cache, gone);
    server.pause();
    try {
      await cache.getOrSet(newKey(), minute, () => "notices");
      await cache.evictTags(["gone"]);
      await expect.poll(() => cache.lookupNear(key, options), { timeout: 5_000 }).toBeUndefined();
      expect(await cache.getOrSet(key, options, () => "from the origin")).toBe("from the origin");
      const failing = () => Promise.reject(new Error("the origin is away as well"));
      expect(await cache.lookup(key, options, failing)).toMatchObject({
        value: "old",
        status: "stale",
      });
      await expect(cache.getOrSet(gone, { ...options, tags: ["gone"] }, failing)).rejects.toThrow(
        "the origin is away as well",
      );
    } finally {
      server.resume();
    }
  });
});
