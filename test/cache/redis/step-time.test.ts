import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Cache, type CacheEvent, createCache } from "../../../src/cache/index.js";
import type { Command } from "../../../src/cache/redis/connection.js";
import { bytesSentBy, limitMsFor } from "../../../src/cache/redis/step-time.js";
import { startLink } from "../../support/link.js";
import { type NarrowProxy, startNarrowProxy } from "../../support/narrow-proxy.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const MIB = 2 ** 20;

describe("the time that a step has", () => {
  const times = (count: number): Command[] => Array.from({ length: count }, () => ["get", "k"]);

  test("is the command timeout, for each thousand commands or names, and for each MiB that is to be sent first", () => {
    expect(limitMsFor([], 0, 100)).toBe(100);
    expect(limitMsFor(times(1000), 0, 100)).toBe(100);
    expect(limitMsFor(times(1001), 0, 100)).toBe(200);
    expect(limitMsFor([["mget", ...Array.from({ length: 2500 }, () => "k")]], 0, 100)).toBe(300);
    expect(limitMsFor(times(1), MIB - 1, 100)).toBe(100);
    expect(limitMsFor(times(1), 5 * MIB, 100)).toBe(600);
  });

  test("counts values as what is sent", () => {
    expect(bytesSentBy([["set", "key", Buffer.alloc(1000), 5]])).toBe(1006);
    expect(bytesSentBy([["mget", "names", "are", "counted", "as", "steps"]])).toBe(0);
  });
});

describe("A list of thousands", () => {
  let server: RedisServer;
  let cache: Cache;
  let events: CacheEvent[];

  beforeEach(async () => {
    server = await startRedis();
    events = [];
    cache = open(server.client());
    await cache.get("connects");
  });
  afterEach(async () => {
    await cache.close();
    await server.stop();
  });

  function open(redis: Redis): Cache {
    return createCache({
      redis,
      commandTimeoutMs: 1000,
      earlyRefresh: 0,
      onEvent: (event) => events.push(event),
    });
  }

  const count = (type: CacheEvent["type"]) => events.filter((event) => event.type === type).length;

  /** Redis does not get to the commits for so long. */
  async function fill(size: number, pauseMs: number, tags = 0): Promise<void> {
    const redis = server.client();
    const keys = Array.from({ length: size }, (_, index) => `key:${index}`);
    await cache.getOrSetMany(keys, { ttlSeconds: 3600 }, async (_keys, context) => {
      for (const key of keys) {
        for (let n = 0; n < tags; n += 1) context.of(key).addTags(`${n} of ${key}`);
      }
      await redis.client("PAUSE", pauseMs, "WRITE");
      return keys;
    });
  }

  test("is told of as stored where its commits take longer than a single one may", async () => {
    await fill(8000, 1500);
    expect(count("fill")).toBe(8000);
    expect(count("outage")).toBe(0);
  });

  test("is so, too, where its tags are known only from the results", async () => {
    await fill(8000, 2500, 1);
    expect(count("fill")).toBe(8000);
    expect(count("outage")).toBe(0);
  });

  test("is so, too, where those are far more than its results, and a commit is not there at once", async () => {
    await using link = await startLink(server.port);
    await cache.close();
    cache = open(server.client({ port: link.port }));
    await cache.get("connects");
    link.delay(100);
    await fill(500, 2500, 8);
    expect(count("fill")).toBe(500);
    expect(count("outage")).toBe(0);
  });

  test("has no more than its time where Redis hangs in the middle", async () => {
    const began = performance.now();
    await fill(2001, 60_000);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(count("fill")).toBe(0);
    await expect.poll(() => count("outage"), { timeout: 10_000 }).toBe(1);
  });
});

describe("Values of many megabytes, over a network that is slow", () => {
  let server: RedisServer;
  let network: NarrowProxy;
  let caches: Cache[];
  let events: CacheEvent[];
  /** 16 MB in all, of which a quarter goes through in the time limit. */
  const keys = Array.from({ length: 32 }, (_, index) => `large:${index}`);
  const hour = { ttlSeconds: 3600 };
  const load = (key: string) => `${key} `.repeat(500_000 / (key.length + 1));

  beforeEach(async () => {
    server = await startRedis();
    network = await startNarrowProxy(server.port, (2 * MIB) / 500);
    caches = [];
    events = [];
  });
  afterEach(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await network[Symbol.asyncDispose]();
    await server.stop();
  });

  async function open(port: number): Promise<Cache> {
    const cache = createCache({
      redis: server.client({ port }),
      commandTimeoutMs: 1000,
      compressAboveBytes: Number.POSITIVE_INFINITY,
      earlyRefresh: 0,
      onEvent: (event) => events.push(event),
    });
    caches.push(cache);
    await cache.get("connects");
    return cache;
  }

  const find = (cache: Cache) =>
    Promise.all(keys.map((key) => cache.lookup(key, hour, () => load(key))));
  const outages = () => events.filter(({ type }) => type === "outage");

  test("are read in one tick without looking like an outage", async () => {
    await find(await open(server.port));
    const found = await find(await open(network.port));
    expect(outages()).toEqual([]);
    expect(found.map(({ status }) => status)).toEqual(keys.map(() => "hit"));
    expect(found.map(({ value }) => value)).toEqual(keys.map(load));
  });

  test("are written in one tick without looking like an outage, and hold up no reader of something else for one", async () => {
    const cache = await open(network.port);
    const filling = find(cache);
    await expect.poll(() => events.filter(({ type }) => type === "load").length).toBe(keys.length);
    await cache.lookup("small", hour, () => "small");
    await filling;
    expect(events.filter(({ type }) => type === "fill")).toHaveLength(keys.length + 1);
    const other = await open(server.port);
    await expect.poll(() => other.get(keys.at(-1) as string), { timeout: 10_000 }).toBeDefined();
    expect(outages()).toEqual([]);
  });

  test("are an outage where nothing comes any more in the middle of them", async () => {
    await find(await open(server.port));
    const cache = await open(network.port);
    network.blockAfter(4 * MIB);
    const found = await find(cache);
    expect(found.map(({ status }) => status)).toEqual(keys.map(() => "outage"));
    expect(outages()).toHaveLength(1);
  });
});
