import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Cache,
  type CacheEvent,
  type CacheOptions,
  createCache,
  StoreUnavailableError,
} from "../../../src/cache/index.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { freePort } from "../../support/free-port.js";
import { createGate } from "../../support/gate.js";
import { createOrigin } from "../../support/origin.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

describe("When Redis goes (pitfall 19)", () => {
  let server: RedisServer;
  let events: CacheEvent[];
  const opened: Cache[] = [];
  const minute = { ttlSeconds: 60 };
  const menu = { ...minute, tags: ["menu"] };

  beforeEach(async () => {
    server = await startRedis();
    events = [];
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
    await server.stop();
  });

  function open(options: CacheOptions = {}): Cache {
    const cache = createCache({
      redis: server.client(),
      earlyRefresh: 0,
      ttlJitter: 0,
      onEvent: (event) => events.push(event),
      ...options,
    });
    opened.push(cache);
    return cache;
  }

  const count = (type: CacheEvent["type"]) => events.filter((event) => event.type === type).length;
  const recovered = (times = 1) =>
    expect.poll(() => count("recovery"), { timeout: 5000 }).toBe(times);

  it("answers from the origin, tells of one outage, and of one recovery", async () => {
    const cache = open();
    await cache.getOrSet("menu", menu, () => "cached");
    await server.kill();
    const origin = createOrigin("from the origin");
    for (let call = 0; call < 5; call += 1) {
      expect(await cache.lookup("menu", menu, origin.load)).toMatchObject({
        value: "from the origin",
        status: "outage",
      });
    }
    expect(origin.loads).toBe(5);
    expect(count("outage")).toBe(1);
    expect(await cache.health()).toMatchObject({ status: "degraded", store: "redis" });
    await server.restart();
    await recovered();
    expect(await cache.lookup("menu", menu, origin.load)).toMatchObject({ status: "miss" });
    expect(await cache.lookup("menu", menu, origin.load)).toMatchObject({ status: "hit" });
    await expect.poll(() => cache.health()).toMatchObject({ status: "ok" });
    expect(count("outage")).toBe(1);
  });

  it("answers while Redis hangs, and trusts nothing it may have missed", async () => {
    const [cut, other] = [open(), open({ commandTimeoutMs: 60_000 })];
    await other.getOrSet("menu", menu, () => "old");
    server.pause();
    expect(await cut.lookup("menu", menu, () => "origin")).toMatchObject({ status: "outage" });
    server.resume();
    await other.evictTags(["menu"]);
    await recovered();
    expect(await cut.getOrSet("menu", menu, () => "new")).toBe("new");
  });

  it("loads once for all who ask at once, also without Redis", async () => {
    const [cache, gate] = [open(), createGate()];
    await cache.get("connects");
    await server.kill();
    await cache.get("finds out");
    const origin = createOrigin({ a: 1 }, gate);
    const callers = Array.from({ length: 50 }, () => cache.getOrSet("menu", menu, origin.load));
    await gate.arrived;
    gate.open();
    const answers = await Promise.all(callers);
    expect(origin.loads).toBe(1);
    expect(new Set(answers).size).toBe(50);
  });

  it("is not failed by a server that is away at the start, and uses it once it comes", async () => {
    const port = await freePort();
    const redis = server.client({ port });
    const cache = open({ redis });
    expect(await cache.lookup("menu", menu, () => 1)).toMatchObject({ status: "outage" });
    expect(count("outage")).toBe(1);
    const late = await startRedis({ port });
    await recovered();
    await cache.getOrSet("menu", menu, () => 1);
    expect(await cache.lookup("menu", menu, () => 1)).toMatchObject({ status: "hit" });
    await late.stop();
  });

  it("binds this process to an eviction at once, and delivers it before it reads again", async () => {
    await server.stop();
    server = await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
    const [a, b] = [open({ redis: server.client() }), open({ redis: server.client() })];
    await a.getOrSet("menu", menu, () => "old");
    await a.getOrSet("other", minute, () => "old");
    await server.kill();
    expect(await a.evictTags(["menu"])).toEqual({ delivered: false, entries: 0 });
    expect(await a.delete("other")).toBe(false);
    expect(await a.getOrSet("menu", menu, () => "new")).toBe("new");
    expect((await a.health()).undeliveredEvictions).toBe(2);
    await server.restart();
    await expect
      .poll(async () => (await a.health()).undeliveredEvictions, { timeout: 5000 })
      .toBe(0);
    expect(await a.getOrSet("menu", menu, () => "new")).toBe("new");
    await expect
      .poll(() => b.lookup("menu", menu, () => "b's own").then(({ status }) => status), {
        timeout: 5000,
      })
      .toBe("hit");
    expect(await b.get("menu")).toBe("new");
    expect(await b.get("other")).toBeUndefined();
  });

  it("lets no caller join a load that began before an eviction without Redis", async () => {
    const [cache, gate] = [open(), createGate()];
    await cache.get("connects");
    await server.kill();
    await cache.get("finds out");
    const old = createOrigin("old", gate);
    const begun = cache.getOrSet("menu", menu, old.load);
    await gate.arrived;
    await cache.evictTags(["menu"]);
    expect(await cache.getOrSet("menu", menu, () => "new")).toBe("new");
    gate.open();
    expect(await begun).toBe("old");
  });

  it("returns what it loaded when Redis goes during the load", async () => {
    const [cache, gate] = [open(), createGate()];
    const origin = createOrigin("menu", gate);
    const begun = cache.lookup("menu", menu, origin.load);
    await gate.arrived;
    await server.kill();
    gate.open();
    expect(await begun).toMatchObject({ value: "menu", remainingSeconds: 0 });
    expect(origin.loads).toBe(1);
  });

  it("throws a typed error where that is wanted", async () => {
    const cache = open({ onOutage: "throw" });
    await cache.getOrSet("menu", menu, () => 1);
    await server.kill();
    const origin = createOrigin(1);
    const error = (await cache
      .getOrSet("menu", menu, origin.load)
      .catch((reason) => reason)) as StoreUnavailableError;
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ code: "E_STORE_UNAVAILABLE", key: "menu" });
    expect(error.cause).toBeInstanceOf(Error);
    expect(origin.loads).toBe(0);
  });

  it("does not take back a stale promise: what an outage's operation loads is never stored", async () => {
    const cache = open();
    await cache.get("connects");
    await server.kill();
    await cache.get("finds out");
    const since = await cache.position();
    await server.restart();
    await recovered();
    const options = { ...menu, since };
    expect(await cache.lookup("menu", options, () => 1)).toMatchObject({ status: "bypassed" });
    expect(await cache.get("menu")).toBeUndefined();
  });

  it("goes to the origin while Redis refuses writes, and comes back when it takes them", async () => {
    const cache = open();
    await cache.get("connects");
    const admin = server.client();
    await admin.config("SET", "maxmemory", "1");
    expect(await cache.lookup("menu", menu, () => 1)).toMatchObject({ value: 1 });
    expect(await cache.evictTags(["menu"])).toMatchObject({ delivered: false });
    await admin.config("SET", "maxmemory", "0");
    await recovered();
    await cache.getOrSet("menu", menu, () => 1);
    expect(await cache.lookup("menu", menu, () => 2)).toMatchObject({ value: 1, status: "hit" });
  });

  it("leaves no lease behind that a hanging server took after its caller had gone", async () => {
    const [a, b] = [open(), open()];
    await Promise.all([a.get("connects"), b.get("connects")]);
    await server.client().call("CLIENT", "PAUSE", 300, "WRITE");
    expect(await a.lookup("menu", menu, () => 1)).toMatchObject({ status: "outage" });
    await recovered();
    const admin = server.client();
    await expect.poll(() => admin.exists("cached:v:menu")).toBe(0);
    expect(await b.lookup("menu", menu, () => 2)).toMatchObject({ value: 2, status: "miss" });
  });

  it("listens no more often for a Redis that is away for long", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const settings = { prefix: "cached:", leaseMs: 1000, commandTimeoutMs: 2 };
    const store = createRedisStore({ redis: server.client(), waitReplicas: 0, ...settings });
    await server.kill();
    for (let probe = 0; probe < 30; probe += 1) await store.ping().catch(() => {});
    await new Promise(setImmediate);
    await store.close();
    process.off("warning", onWarning);
    expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
  });

  it("does not take its own process's pause for an outage", async () => {
    const cache = open();
    await cache.getOrSet("menu", menu, () => 1);
    for (let round = 0; round < 3; round += 1) {
      const lookup = cache.lookup("menu", menu, () => 2);
      // The read is on its way when the process stops for longer than a command may take.
      await new Promise(process.nextTick);
      const end = performance.now() + 300;
      while (performance.now() < end);
      expect(await lookup).toMatchObject({ value: 1, status: "hit" });
    }
    expect(count("outage")).toBe(0);
  });

  it("closes at once while Redis is away", async () => {
    const cache = open();
    await server.kill();
    await cache.get("finds out");
    await cache.close();
  });
});
