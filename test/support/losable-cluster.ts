import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Cache, CacheEvent, CacheOptions } from "../../src/cache/index.js";
import { createKeys } from "../../src/cache/redis/keys.js";
import { keySlot } from "../../src/key-slot.js";
import { type ClusterClientOptions, type RedisCluster, startCluster } from "./redis-cluster.js";
import type { RedisServer } from "./redis-server.js";
import { testCaches } from "./test-caches.js";

const MASTERS = [0, 1, 2];
const SLOTS = 16_384;
const NAMES = Array.from({ length: 1000 }, (_, i) => `name ${i}`);
/** Entry and tag of no test. */
const PROBE = 20;

/** The cluster of a test file, whose masters are paused until a cache counts them as lost, and come back. */
export function losableCluster(prefix: string) {
  const keys = createKeys(prefix);
  const caches = testCaches(() => ({ redis: cluster.client(), prefix }));
  const { events } = caches;
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startCluster({ nodeTimeoutMs: 60_000 });
  });
  afterAll(() => cluster.stop());
  afterEach(async () => {
    for (const master of cluster.masters) master.resume();
    await caches.close();
  });

  const masterOf = (name: string) => Math.floor((keySlot(name) * MASTERS.length) / SLOTS);
  const server = (master: number) => cluster.masters[master] as RedisServer;
  const addressOf = (master: number) => `127.0.0.1:${server(master).port}`;
  const told = (type: CacheEvent["type"]) =>
    events.flatMap((event) => (event.type === type && "node" in event ? [event.node] : []));

  /** A key and a tag of its own, both on that master. */
  function on(master: number, n = 0) {
    const key = NAMES.filter((name) => masterOf(keys.entry(name)) === master)[n] as string;
    const tag = NAMES.filter((name) => masterOf(keys.tag(name)) === master)[n] as string;
    return { key, options: { ttlSeconds: 60, tags: [tag] } };
  }

  return {
    keys,
    /** Of all caches, in one test. */
    events,
    client: (options?: ClusterClientOptions) => cluster.client(options),
    server,
    addressOf,
    masterOf,
    /** The masters that hold none of these. */
    besides: (...names: string[]) => MASTERS.filter((one) => !names.map(masterOf).includes(one)),
    on,
    queueOn: (master: number) =>
      NAMES.find((name) => masterOf(keys.queue(name)) === master) as string,

    async open(options: CacheOptions = {}): Promise<Cache> {
      const cache = caches.open(options);
      // On a busy machine the connections may take longer than a command may.
      await expect.poll(() => cache.health(), { timeout: 10_000 }).toMatchObject({ status: "ok" });
      return cache;
    },

    /** Until the breaker of the node has opened. */
    async lose(cache: Cache, master: number): Promise<void> {
      server(master).pause();
      const { key, options } = on(master, PROBE);
      await cache.getOrSet(key, options, () => 1);
      await expect.poll(() => told("outage")).toContain(addressOf(master));
    },

    async recover(master: number): Promise<void> {
      server(master).resume();
      await expect.poll(() => told("recovery"), { timeout: 10_000 }).toContain(addressOf(master));
    },
  };
}
