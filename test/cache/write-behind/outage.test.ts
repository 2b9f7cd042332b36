import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CacheEvent,
  type CacheOptions,
  StoreUnavailableError,
} from "../../../src/cache/index.js";
import { createGate, type Gate } from "../../support/gate.js";
import { startLink } from "../../support/link.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { testCaches } from "../../support/test-caches.js";
import { createOriginTable } from "./write-behind-conformance.js";

const DURABLE = ["--appendonly", "yes", "--appendfsync", "always"];
const minute = { ttlSeconds: 60, tags: ["orders"] };

describe("A write behind the cache, when Redis goes", () => {
  let server: RedisServer;
  let origin: ReturnType<typeof createOriginTable>;
  const caches = testCaches(() => ({ redis: server.client(), leaseSeconds: 1 }));
  const { events } = caches;

  beforeEach(async () => {
    server = await startRedis({ args: DURABLE });
    origin = createOriginTable();
  });
  afterEach(async () => {
    server.resume();
    await caches.close();
    await server.stop();
  });

  function open({ gate, ...options }: CacheOptions & { gate?: Gate } = {}) {
    const cache = caches.open(options);
    const queue = cache.writeBehind<unknown>("orders", {
      delaySeconds: 0,
      async write(writes) {
        await gate?.pass();
        origin.write(writes);
      },
    });
    return { cache, queue };
  }

  const told = (wanted: CacheEvent["type"]) =>
    expect.poll(() => events.some(({ type }) => type === wanted), { timeout: 10_000 }).toBe(true);
  const recovered = () => told("recovery");

  it("is refused at once, and leaves nothing half done", async () => {
    const { cache, queue } = open();
    origin.seed("k", "old");
    await queue.put("connects", minute, 1);
    await queue.flush();
    await server.kill();
    for (let turn = 0; turn < 2; turn += 1) {
      const refused = queue.put("k", minute, "new");
      await expect(refused).rejects.toThrow(StoreUnavailableError);
      await expect(refused).rejects.toMatchObject({ code: "E_STORE_UNAVAILABLE", key: "k" });
    }
    expect(await cache.getOrSet("k", minute, origin.load("k"))).toBe("old");
    await expect(queue.flush()).rejects.toThrow(StoreUnavailableError);
    await expect(queue.health()).rejects.toThrow(StoreUnavailableError);
    await server.restart();
    await recovered();
    expect(await queue.health()).toMatchObject({ pending: 0 });
    expect(await cache.getOrSet("k", minute, origin.load("k"))).toBe("old");
    expect(origin.writes.map(({ key }) => key)).toEqual(["connects"]);
    await queue.put("k", minute, "new");
    expect(await cache.getOrSet("k", minute, origin.load("k"))).toBe("new");
    await queue.flush();
    expect(origin.value("k")).toBe("new");
  });

  it("is refused by a server that hangs, also by what that does when it goes on", async () => {
    const { cache, queue } = open();
    const other = open({ commandTimeoutMs: 60_000 });
    origin.seed("k", "old");
    await queue.put("connects", minute, 1);
    await other.queue.put("connects", minute, 2);
    await queue.flush();
    server.pause();
    await expect(queue.put("k", minute, "new")).rejects.toThrow(StoreUnavailableError);
    // The server's clock is past the time at which the caller gave up, however far ours are apart.
    const refusedAt = Date.now();
    await expect.poll(() => Date.now() - refusedAt).toBeGreaterThan(300);
    server.resume();
    await recovered();
    await other.queue.flush();
    expect(origin.writes.filter(({ key }) => key === "k")).toEqual([]);
    expect(await other.cache.getOrSet("k", minute, origin.load("k"))).toBe("old");
    expect(await cache.getOrSet("k", minute, origin.load("k"))).toBe("old");
  });

  it("does not hold up a process that ends", async () => {
    const { cache, queue } = open({ leaseSeconds: 60 });
    await queue.put("connects", minute, 1);
    await queue.flush();
    // Until its worker has nothing under way any more.
    const redis = server.client();
    const idleMs = async () => {
      const reply = await redis.xinfo("CONSUMERS", "cached:q:{orders}", "writers");
      const [consumer] = reply as unknown[][];
      return consumer?.[consumer.indexOf("idle") + 1];
    };
    await expect.poll(idleMs).toBeGreaterThan(200);
    server.pause();
    const closedAt = performance.now();
    await cache.close();
    expect(performance.now() - closedAt).toBeLessThan(2000);
  });

  it("that was taken on before is written when it is back, and shown to all until then", async () => {
    const gate = createGate();
    const { cache, queue } = open({ gate });
    origin.seed("k", "old");
    await queue.put("k", minute, "new");
    await gate.arrived;
    await server.kill();
    await cache.get("finds out");
    await told("outage");
    await server.restart();
    await recovered();
    await cache.evictTags(["orders"]);
    expect(await cache.getOrSet("k", minute, origin.load("k"))).toBe("new");
    expect(origin.loads).toBe(0);
    gate.open();
    await queue.flush();
    expect(origin.value("k")).toBe("new");
    await cache.evictTags(["orders"]);
    expect(await cache.getOrSet("k", minute, origin.load("k"))).toBe("new");
    expect(await queue.health()).toMatchObject({ pending: 0, deadLetters: 0 });
  });

  it("whose server goes in the middle of its flush is written once more, and settled", async () => {
    const gate = createGate();
    const { queue } = open({ gate });
    await queue.put("k", minute, "new");
    await gate.arrived;
    server.pause();
    gate.open();
    await told("outage");
    expect(origin.value("k")).toBe("new");
    server.resume();
    await recovered();
    await queue.flush();
    expect(await queue.health()).toMatchObject({ pending: 0, deadLetters: 0 });
    expect(new Set(origin.writes.map(({ value }) => value))).toEqual(new Set(["new"]));
  });

  it("is written, though the connections of before it came back lead nowhere", {
    timeout: 30_000,
  }, async () => {
    await using link = await startLink(server.port);
    const { cache, queue } = open({ redis: server.client({ port: link.port }) });
    await queue.put("connects", minute, 1);
    await queue.flush();
    link.loseSilently();
    await cache.get("finds out");
    await told("outage");
    link.letThrough();
    await recovered();
    await expect
      .poll(() => queue.put("k", minute, "new").catch(() => undefined))
      .toMatchObject({ stored: true });
    await expect.poll(() => origin.value("k"), { timeout: 20_000 }).toBe("new");
    await cache.close();
  });
});
