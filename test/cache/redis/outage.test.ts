import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CacheEvent, StoreUnavailableError } from "../../../src/cache/index.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { freePort } from "../../support/free-port.js";
import { createGate } from "../../support/gate.js";
import { startLink } from "../../support/link.js";
import { createOrigin } from "../../support/origin.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { testCaches } from "../../support/test-caches.js";

describe("When Redis goes (pitfall 19)", () => {
  let server: RedisServer;
  const caches = testCaches(() => ({ redis: server.client() }));
  const { open, events } = caches;
  const minute = { ttlSeconds: 60 };
  const menu = { ...minute, tags: ["menu"] };

  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    await caches.close();
    await server.stop();
  });

  const count = (type: CacheEvent["type"]) => events.filter((event) => event.type === type).length;
  const recovered = (times = 1) =>
    expect.poll(() => count("recovery"), { timeout: 10_000 }).toBe(times);

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

  it("asks nothing of a replica: a server that was demoted is away until it is a master again", async () => {
    const cache = open();
    await cache.getOrSet("menu", menu, () => "old");
    await using master = await startRedis();
    const admin = server.client();
    await admin.replicaof("127.0.0.1", master.port);
    expect(await cache.evictTags(["menu"])).toMatchObject({ delivered: false });
    await expect.poll(() => cache.health()).toMatchObject({ breaker: { state: "open" } });
    expect(await cache.lookup("menu", menu, () => "new")).toMatchObject({ status: "outage" });
    await admin.replicaof("NO", "ONE");
    await recovered();
    expect(await cache.getOrSet("menu", menu, () => "newer")).toBe("newer");
  });

  it("gives up connections that lead nowhere, which nobody says", async () => {
    await using link = await startLink(server.port);
    const cache = open({
      redis: server.client({ port: link.port }),
      near: {},
    });
    await cache.getOrSet("menu", menu, () => 1);
    link.loseSilently();
    expect(await cache.lookup("other", menu, () => 2)).toMatchObject({ status: "outage" });
    link.letThrough();
    await recovered();
    expect(await cache.lookup("menu", menu, () => 3)).toMatchObject({ value: 1 });
    await expect.poll(() => cache.health(), { timeout: 5000 }).toMatchObject({ status: "ok" });
  });

  it("does not let waiters wait on for a load that another process cannot tell of any more", async () => {
    const [leader, waiter] = [open(), open()];
    await Promise.all([leader.get("connects"), waiter.get("connects")]);
    const gate = createGate();
    const led = leader.getOrSet("menu", menu, createOrigin("led", gate).load);
    await gate.arrived;
    const waited = waiter.lookup("menu", menu, () => "own");
    await expect.poll(() => count("wait"), { timeout: 5000 }).toBe(1);
    server.pause();
    expect(await waited).toMatchObject({ value: "own", status: "outage" });
    gate.open();
    expect(await led).toBe("led");
    server.resume();
  });

  it("gives up the leases of its outage when it is over, so that nobody waits for their ends", async () => {
    await using link = await startLink(server.port);
    const [cut, other] = [open({ redis: server.client({ port: link.port }) }), open()];
    await Promise.all([cut.get("connects"), other.get("connects")]);
    const gate = createGate();
    const loading = cut.getOrSet("menu", menu, createOrigin("cut", gate).load);
    await gate.arrived;
    link.loseSilently();
    gate.open();
    expect(await loading).toBe("cut");
    link.letThrough();
    await recovered();
    expect(await other.lookup("menu", menu, () => "other")).toMatchObject({ status: "miss" });
  });

  it("says why: the breaker, the pushes, and a policy under which Redis may drop tag versions", async () => {
    const cache = open();
    await cache.get("connects");
    await expect
      .poll(() => cache.health())
      .toMatchObject({
        status: "ok",
        breaker: { state: "closed", lostNodes: [] },
        pushConnected: true,
      });
    const admin = server.client();
    await admin.config("SET", "maxmemory-policy", "allkeys-lru");
    expect(await cache.health()).toMatchObject({ status: "ok" });
    await admin.config("SET", "maxmemory", "100mb");
    expect(await cache.health()).toMatchObject({
      status: "degraded",
      problems: [expect.stringMatching(/may drop tag versions .*maxmemory-policy is allkeys-lru/)],
    });
    await server.kill();
    await cache.get("finds out");
    await expect
      .poll(() => cache.health())
      .toMatchObject({
        breaker: { state: expect.stringMatching(/open/), cause: expect.any(String) },
        pushConnected: false,
      });
    expect(cache.stats().outages).toBe(1);
  });

  it("leaves no lease behind that a hanging server took after its caller had gone", async () => {
    const [a, b] = [open(), open()];
    await Promise.all([a.get("connects"), b.get("connects")]);
    await server.client().call("CLIENT", "PAUSE", 3000, "WRITE");
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
    const cache = open({ commandTimeoutMs: 100 });
    // On a busy machine the first command, which connects, may be late.
    await expect.poll(() => cache.lookup("menu", menu, () => 1)).toMatchObject({ status: "hit" });
    events.length = 0;
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
