import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import { duplicate } from "../../../src/cache/redis/duplicate.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import { moveSlot } from "../../support/slot-move.js";
import { testCache } from "../cache-conformance.js";
import { testStore } from "../store-conformance.js";

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startCluster({ masters: 3 });
});
afterAll(() => cluster.stop());

testStore("The Redis store on a cluster", async () =>
  createRedisStore({
    redis: cluster.client(),
    prefix: "conformance:",
    leaseMs: 10_000,
    commandTimeoutMs: 2000,
  }),
);

testCache("On a cluster", (options) =>
  createCache({ redis: cluster.client(), commandTimeoutMs: 2000, ...options }),
);

describe("On all masters of a cluster (pitfall 18)", () => {
  const names = Array.from({ length: 200 }, (_, n) => `${n}`);
  const open = (prefix: string) =>
    createCache({ redis: cluster.client(), prefix, commandTimeoutMs: 2000, ttlJitter: 0 });

  /** How many keys each master holds under the prefix. */
  const keysOf = (prefix: string) =>
    Promise.all(
      cluster.masters.map(async (master) => {
        const admin = master.client();
        const found = await admin.keys(`${prefix}*`);
        admin.disconnect();
        return found.length;
      }),
    );

  it("entries of one tag are evicted, and freed wherever they lie", async () => {
    const cache = open("evicted:");
    const options = { ttlSeconds: 60, tags: ["all"] };
    await Promise.all(names.map((name) => cache.getOrSet(name, options, () => name)));
    for (const count of await keysOf("evicted:v:")) expect(count).toBeGreaterThan(0);
    expect(await cache.estimateEntries()).toBeGreaterThanOrEqual(200);
    expect(await cache.evictTags(["all"])).toMatchObject({ delivered: true });
    for (const name of names) expect(await cache.get(name)).toBeUndefined();
    await expect.poll(() => keysOf("evicted:v:"), { timeout: 5000 }).toEqual([0, 0, 0]);
    await cache.close();
  });

  it("hundreds of tags are evicted at once", async () => {
    const cache = open("tags:");
    await Promise.all(
      names.map((name) => cache.getOrSet(name, { ttlSeconds: 60, tags: [name] }, () => name)),
    );
    expect(await cache.evictTags(names)).toMatchObject({ delivered: true });
    for (const name of names) expect(await cache.get(name)).toBeUndefined();
    await cache.close();
  });

  it("everything is cleared but what is not the cache's", async () => {
    const [cache, other] = [open("cleared:"), open("other:")];
    const options = { ttlSeconds: 60, tags: ["all"] };
    for (const one of [cache, other]) {
      await Promise.all(names.map((name) => one.getOrSet(name, options, () => name)));
    }
    await cache.clear();
    for (const part of ["v:", "t:", "i:"])
      expect(await keysOf(`cleared:${part}`)).toEqual([0, 0, 0]);
    for (const name of names) expect(await other.get(name)).toBe(name);
    await Promise.all([cache.close(), other.close()]);
  });

  it("entries are found and evicted where the user's client pipelines by itself", async () => {
    const redis = cluster.client({ enableAutoPipelining: true });
    const cache = createCache({ redis, prefix: "auto:", commandTimeoutMs: 2000 });
    const fill = () =>
      Promise.all(
        names.map((name) => cache.getOrSet(name, { ttlSeconds: 60, tags: ["all"] }, () => name)),
      );
    await fill();
    for (const count of await keysOf("auto:v:")) expect(count).toBeGreaterThan(0);
    expect(await fill()).toEqual(names);
    expect(await cache.evictTags(["all"])).toEqual({ delivered: true, entries: 200 });
    await cache.close();
  });

  it("a slot that moved is followed within a command's time, however long the user's would wait", async () => {
    const redis = cluster.client({ retryDelayOnMoved: 5000 });
    const cache = createCache({ redis, prefix: "moved:", commandTimeoutMs: 2000 });
    await cache.getOrSet("menu", { ttlSeconds: 60, tags: ["menu"] }, () => "menu");
    await moveSlot(cluster, createKeys("moved:").tag("menu"));
    expect(await cache.evictTags(["menu"])).toEqual({ delivered: true, entries: 1 });
    await cache.close();
  });

  it("commands wait for nodes that are still being connected to", async () => {
    const own = duplicate(cluster.client());
    own.on("error", () => {});
    await new Promise((resolve) => own.once("ready", resolve));
    const replies = await Promise.all(names.map((name) => own.set(`new:${name}`, 1, "PX", 5000)));
    expect(new Set(replies)).toEqual(new Set(["OK"]));
    own.disconnect();
  });
});
