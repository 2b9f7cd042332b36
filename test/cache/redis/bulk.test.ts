import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Cache, type CacheEvent, createCache } from "../../../src/cache/index.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { keySlot } from "../../../src/key-slot.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";

let cluster: RedisCluster;
let cache: Cache;

beforeAll(async () => {
  cluster = await startCluster({ nodeTimeoutMs: 60_000 });
});
afterAll(() => cluster.stop());
afterEach(async () => {
  for (const master of cluster.masters) master.resume();
  await cache.close();
});

const keys = createKeys("cached:");
const masterOf = (name: string) => Math.floor((keySlot(name) * 3) / 16_384);
const [lost, well] = [0, 1, 2].filter((master) => master !== masterOf(keys.log));
const names = Array.from({ length: 100 }, (_, i) => `name ${i}`);

test("a queue that is first opened while a node hangs that it does not lie on is no outage of the store", async () => {
  const events: CacheEvent[] = [];
  cache = createCache({
    redis: cluster.client(),
    commandTimeoutMs: 1000,
    onEvent: (event) => events.push(event),
  });
  await expect.poll(() => cache.health(), { timeout: 10_000 }).toMatchObject({ status: "ok" });
  cluster.masters[lost as number]?.pause();
  const name = names.find((one) => masterOf(keys.queue(one)) === well) as string;
  const key = names.find((one) => masterOf(keys.entry(one)) === well) as string;
  const written: string[] = [];
  const queue = cache.writeBehind<string>(name, {
    write(writes) {
      for (const { value } of writes) written.push(value);
    },
  });
  await queue.put(key, { ttlSeconds: 60 }, "put");
  const flushed = () => queue.flush().then(() => "flushed", String);
  // Its connection may ask that node first, again and again.
  await expect.poll(flushed, { timeout: 55_000 }).toBe("flushed");
  expect(written).toEqual(["put"]);
  expect(events.filter((event) => event.type === "outage" && !event.node)).toEqual([]);
}, 60_000);
