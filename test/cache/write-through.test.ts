import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Cache, type CacheOptions, createCache } from "../../src/cache/index.js";
import { createGate } from "../support/gate.js";
import type { RedisCluster } from "../support/redis-cluster.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import { startBoth, WITHOUT_SCRIPTS } from "../support/without-scripts.js";
import { testWriteThrough } from "./write-through-conformance.js";

let server: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, cluster] = await startBoth();
});
afterAll(() => Promise.all([server.stop(), cluster.stop()]));

testWriteThrough("In process", (options) => createCache(options));

testWriteThrough("On Redis", (options) =>
  createCache({ redis: server.client(), commandTimeoutMs: 2000, ...options }),
);

testWriteThrough("On Redis without scripts", (options) =>
  createCache({
    redis: server.client(WITHOUT_SCRIPTS),
    prefix: "plain:",
    commandTimeoutMs: 2000,
    ...options,
  }),
);

testWriteThrough("On a cluster", (options) =>
  createCache({ redis: cluster.client(), commandTimeoutMs: 2000, ...options }),
);

describe("A write through the cache of several processes", () => {
  const opened: Cache[] = [];
  let own: RedisServer;

  function open(options: CacheOptions = {}): Cache {
    const cache = createCache({ redis: own.client(), earlyRefresh: 0, ttlJitter: 0, ...options });
    opened.push(cache);
    return cache;
  }
  beforeAll(async () => {
    own = await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
  });
  afterAll(() => own.stop());

  const options = { ttlSeconds: 60, tags: ["menu"] };

  it("binds readers in the others from when it resolves", async () => {
    const [writer, reader] = [open({ commandTimeoutMs: 2000 }), open({ commandTimeoutMs: 2000 })];
    let price = 1;
    const load = () => price;
    for (let next = 2; next <= 30; next += 1) {
      expect(await reader.getOrSet("list", options, load)).toBe(price);
      const write = () => {
        price = next;
      };
      const racing = reader.getOrSet("list", options, load);
      await writer.writeThrough("size", options, next, write);
      expect(await reader.getOrSet("size", options, () => -1)).toBe(next);
      expect(await reader.getOrSet("list", options, load)).toBe(next);
      await racing;
    }
  });

  it("takes back what another filled while the writer was out for longer than its lease", async () => {
    const [writer, reader] = [open({ commandTimeoutMs: 2000 }), open({ commandTimeoutMs: 2000 })];
    const [writing, loading] = [createGate(), createGate()];
    const written = writer.writeThrough("paused", { ttlSeconds: 60 }, "new", writing.pass);
    await writing.arrived;
    // As if the writer had been stopped: its lease is gone, and another's load has read the old value.
    await own.client().del("cached:v:paused");
    const read = reader.getOrSet("paused", { ttlSeconds: 60 }, async () => {
      await loading.pass();
      return "old";
    });
    await loading.arrived;
    writing.open();
    expect(await written).toBe(false);
    loading.open();
    expect(await read).toBe("old");
    expect(await reader.getOrSet("paused", { ttlSeconds: 60 }, () => "new")).toBe("new");
  });

  it("runs without Redis, binds its own process, and the others when Redis is back", async () => {
    const [writer, reader] = [open(), open()];
    await reader.getOrSet("size", { ttlSeconds: 60 }, () => "old");
    await reader.getOrSet("list", options, () => "old");
    await writer.get("connects");
    await own.kill();
    let isWritten = false;
    const write = () => {
      isWritten = true;
    };
    expect(await writer.writeThrough("size", options, "new", write)).toBe(false);
    expect(isWritten).toBe(true);
    expect(await writer.getOrSet("list", options, () => "new")).toBe("new");
    expect((await writer.health()).undeliveredEvictions).toBe(2);
    const failing = writer.writeThrough("other", { ttlSeconds: 60 }, 1, () => {
      throw new RangeError("no such size");
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect((await writer.health()).undeliveredEvictions).toBe(3);
    await own.restart();
    const undelivered = async () => (await writer.health()).undeliveredEvictions;
    await expect.poll(undelivered, { timeout: 5000 }).toBe(0);
    await expect.poll(() => reader.getOrSet("list", options, () => "new")).toBe("new");
    expect(await reader.getOrSet("size", { ttlSeconds: 60 }, () => "new")).toBe("new");
  });

  it("leaves no key behind that lives for ever, and none when all is evicted", async () => {
    const cache = open({ commandTimeoutMs: 2000, prefix: "alone:" });
    const names = () => own.client().keys("alone:[vti]*");
    await cache.writeThrough("a", { ttlSeconds: 60, tags: ["x", "y"] }, 1, () => {});
    await cache.writeThrough("b", { ttlSeconds: 60 }, 1, () => {});
    for (const name of await names()) expect(await own.client().pttl(name), name).not.toBe(-1);
    await cache.evictTags(["x", "y"]);
    await cache.delete("b");
    await expect.poll(names, { timeout: 5000 }).toEqual([]);
  });
});
