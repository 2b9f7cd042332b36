import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Cache } from "../../../src/cache/index.js";
import { duplicate } from "../../../src/cache/redis/duplicate.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { createGate } from "../../support/gate.js";
import { createOrigin } from "../../support/origin.js";
import { type RedisSentinel, startSentinel } from "../../support/redis-sentinel.js";
import { testCaches } from "../../support/test-caches.js";
import { testStore } from "../store-conformance.js";

interface Connector {
  disconnect(): void;
}

const minute = { ttlSeconds: 60 };
const menu = { ...minute, tags: ["menu"] };
const LONG_MS = 15_000;

describe("with sentinels that stay calm", () => {
  let sentinel: RedisSentinel;

  beforeAll(async () => {
    sentinel = await startSentinel({ replicas: 1 });
  });
  afterAll(() => sentinel.stop());

  testStore("The Redis store, through sentinels", async () =>
    createRedisStore({
      redis: sentinel.client(),
      prefix: "conformance:",
      leaseMs: 10_000,
      commandTimeoutMs: 2000,
    }),
  );

  it("Our connection begins anew where the client gave up, unless we closed it", async () => {
    const own = duplicate(sentinel.client()) as Redis;
    const gaveUp = vi.fn();
    own.on("error", () => {});
    own.on("end", gaveUp);
    await new Promise((resolve) => own.once("ready", resolve));
    own.disconnect(true);
    // As its detector of failovers does, in the middle of the question who is master.
    own.once("connecting", () => (Reflect.get(own, "connector") as Connector).disconnect());
    await new Promise((resolve) => own.once("ready", resolve));
    expect(gaveUp).toHaveBeenCalledTimes(1);
    expect(await own.ping()).toBe("PONG");
    const begun = vi.fn();
    own.on("connecting", begun);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    own.disconnect();
    await new Promise((resolve) => own.once("end", resolve));
    vi.runAllTimers();
    // The client tells of it in a tick of its own.
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).not.toHaveBeenCalled();
  });
});

describe("When a replica is promoted by the sentinels", () => {
  let sentinel: RedisSentinel;
  const caches = testCaches(() => ({ redis: sentinel.client() }));
  const { open, events } = caches;

  afterEach(async () => {
    await caches.close();
    await sentinel.stop();
  });

  async function start(): Promise<void> {
    sentinel = await startSentinel();
  }

  const replicated = async () => {
    const admin = (await sentinel.master()).client();
    await admin.set("mark", 1);
    expect(await admin.wait(2, 5000)).toBe(2);
  };

  const usesRedis = (cache: Cache) =>
    expect.poll(() => cache.health().then(({ status }) => status), { timeout: LONG_MS }).toBe("ok");

  it("lets an eviction that only the old master had bind everybody again", async () => {
    await start();
    const [evictor, other] = [open(), open()];
    await evictor.getOrSet("menu", menu, () => "old");
    await other.getOrSet("order", minute, () => "old");
    await replicated();
    await sentinel.cutReplicas();
    expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: true });
    expect(await evictor.delete("order")).toBe(true);
    await sentinel.killMaster();
    expect(await evictor.get("menu")).toBeUndefined();
    await usesRedis(evictor);
    expect(await evictor.get("menu")).toBeUndefined();
    expect(await evictor.get("order")).toBeUndefined();
    await usesRedis(other);
    expect(await other.getOrSet("menu", menu, () => "new")).toBe("new");
    expect(await evictor.getOrSet("menu", menu, () => "evictor's")).toBe("new");
    expect(await other.get("order")).toBeUndefined();
  });

  it("does so too where the evicting process did nothing meanwhile", async () => {
    await start();
    const evictor = open();
    await evictor.getOrSet("menu", menu, () => "old");
    await replicated();
    await sentinel.cutReplicas();
    await evictor.evictTags(["menu"]);
    await sentinel.killMaster();
    const keys = createKeys("cached:");
    const admin = (await sentinel.master()).client();
    // What the promoted server has of its own: the old version, under which "old" would be valid.
    await expect.poll(() => admin.get(keys.tag("menu")), { timeout: LONG_MS }).toMatch(/^.{8}e/);
    expect(await evictor.getOrSet("menu", menu, () => "new")).toBe("new");
  });

  it("stores nothing for an operation that began before, and begins a new log", async () => {
    await start();
    const [cache, gate] = [open(), createGate()];
    await cache.evictTags(["anything"]);
    const since = await cache.position();
    const origin = createOrigin("old", gate);
    const begun = cache.lookup("begun", { ...menu, since }, origin.load);
    await gate.arrived;
    await replicated();
    await sentinel.failover();
    await usesRedis(cache);
    gate.open();
    expect(await begun).toMatchObject({ value: "old" });
    await cache.evictTags(["anything"]);
    expect(await cache.position()).not.toMatchObject({ epoch: since?.epoch });
    const late = await cache.lookup("late", { ...menu, since }, () => "old");
    expect(late).toMatchObject({ status: "bypassed" });
    const now = { ...menu, since: await cache.position() };
    expect(await cache.lookup("now", now, () => "new")).toMatchObject({ status: "miss" });
    expect(await cache.lookup("now", now, () => "newer")).toMatchObject({ status: "hit" });
  });

  it("loses no eviction that was acknowledged by a replica of each master", async () => {
    await start();
    const [evictor, other] = [open({ waitReplicas: 2 }), open()];
    await other.getOrSet("menu", menu, () => "old");
    await other.getOrSet("order", minute, () => "old");
    await replicated();
    expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: true, entries: 1 });
    expect(await evictor.delete("order")).toBe(true);
    await evictor.close();
    await sentinel.killMaster();
    await usesRedis(other);
    expect(await other.get("menu")).toBeUndefined();
    expect(await other.get("order")).toBeUndefined();
  });

  it("calls an eviction undelivered that replicas lack, and issues it again until they have it", async () => {
    await start();
    const evictor = open({ waitReplicas: 1 });
    await evictor.getOrSet("menu", menu, () => "old");
    await replicated();
    await sentinel.cutReplicas();
    expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: false, entries: 1 });
    expect(await evictor.health()).toMatchObject({
      status: "degraded",
      problems: ["1 evictions wait for replicas."],
      undeliveredEvictions: 1,
    });
    // The master has it: nobody needs to do without the cache.
    expect(await evictor.getOrSet("menu", menu, () => "new")).toBe("new");
    expect(await evictor.get("menu")).toBe("new");
    expect(events.filter(({ type }) => type === "outage")).toEqual([]);
    for (const replica of await sentinel.replicas()) replica.resume();
    await usesRedis(evictor);
    expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: true });
  });
});
