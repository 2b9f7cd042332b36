import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type Cache,
  type CacheEvent,
  type CacheOptions,
  createCache,
} from "../../../src/cache/index.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createGate } from "../../support/gate.js";
import { createOrigin } from "../../support/origin.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import type { RedisServer } from "../../support/redis-server.js";

/** Slots move between masters while fills and evictions are under way. */
describe("While a cluster is resharded", () => {
  let cluster: RedisCluster;
  const events: CacheEvent[] = [];
  const opened: Cache[] = [];
  const keys = createKeys("cached:");
  const menu = { ttlSeconds: 60, tags: ["menu"] };
  /** V(menu), T(menu) and L lie in different slots; I(menu) is in T's. */
  const names = [keys.entry("menu"), keys.tag("menu"), keys.log];

  beforeAll(async () => {
    cluster = await startCluster({ masters: 3 });
  });
  afterAll(() => cluster.stop());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
    const told = events.splice(0);
    for (const { port } of cluster.masters) {
      await (await server(port)).client().flushall();
    }
    expect(told.filter(({ type }) => type === "outage")).toEqual([]);
  });

  function open(options: CacheOptions = {}): Cache {
    const cache = createCache({
      redis: cluster.client(),
      commandTimeoutMs: 2000,
      earlyRefresh: 0,
      ttlJitter: 0,
      onEvent: (event) => events.push(event),
      ...options,
    });
    opened.push(cache);
    return cache;
  }

  async function server(port: number): Promise<RedisServer> {
    return cluster.masters.find((master) => master.port === port)!;
  }

  /** Begins to move the slot of a name, all its keys included; what it gives ends it. */
  async function beginMove(name: string): Promise<() => Promise<void>> {
    const admins = cluster.masters.map((master) => master.client());
    const ids = await Promise.all(admins.map((admin) => admin.cluster("MYID")));
    const slot = await admins[0]!.cluster("KEYSLOT", name);
    const owner = await ownerOf(admins[0]!, slot);
    const from = cluster.masters.findIndex(({ port }) => port === owner);
    const to = (from + 1) % admins.length;
    await admins[to]!.call("CLUSTER", "SETSLOT", slot, "IMPORTING", String(ids[from]));
    await admins[from]!.call("CLUSTER", "SETSLOT", slot, "MIGRATING", String(ids[to]));
    const moving = (await admins[from]!.call("CLUSTER", "GETKEYSINSLOT", slot, 100)) as string[];
    for (const key of moving) {
      const target = ["127.0.0.1", cluster.masters[to]!.port, key, 0, 5000];
      expect(await admins[from]!.call("MIGRATE", ...target)).toBe("OK");
    }
    return async () => {
      for (const admin of [admins[to]!, admins[from]!, ...admins]) {
        await admin.call("CLUSTER", "SETSLOT", slot, "NODE", String(ids[to]));
      }
      // News of before may be on its way between the servers, and overtaken by what each was told here.
      await expect
        .poll(() => Promise.all(admins.map((admin) => ownerOf(admin, slot))), { timeout: 10_000 })
        .toEqual(admins.map(() => cluster.masters[to]!.port));
      for (const admin of admins) admin.disconnect();
    };
  }

  async function ownerOf(admin: Redis, slot: number): Promise<number> {
    const ranges = await admin.cluster("SLOTS");
    const range = ranges.find(([from, to]) => Number(from) <= slot && slot <= Number(to));
    if (!range) throw new Error(`Nobody owns slot ${slot}.`);
    return Number((range[2] as unknown as [string, number])[1]);
  }

  async function move(): Promise<void> {
    for (const name of names) await (await beginMove(name))();
  }

  it("commits a load whose lease, tag and log have moved to other servers", async () => {
    const [cache, other, gate] = [open(), open(), createGate()];
    const origin = createOrigin("menu", gate);
    const begun = cache.lookup("menu", menu, origin.load);
    await gate.arrived;
    await move();
    gate.open();
    expect(await begun).toMatchObject({ value: "menu", status: "miss" });
    expect(await other.lookup("menu", menu, origin.load)).toMatchObject({ status: "hit" });
    expect(origin.loads).toBe(1);
  });

  it("refuses a load that was under way at an eviction, wherever lease, tag and log are by then", async () => {
    const [cache, other, gate] = [open(), open(), createGate()];
    const begun = cache.getOrSet("menu", menu, createOrigin("old", gate).load);
    await gate.arrived;
    await move();
    expect(await other.evictTags(["menu"])).toMatchObject({ delivered: true });
    await move();
    gate.open();
    expect(await begun).toBe("old");
    expect(await other.get("menu")).toBeUndefined();
    expect(await other.getOrSet("menu", menu, () => "new")).toBe("new");
    expect(await cache.get("menu")).toBe("new");
  });

  it.each([0, 1, 2])("evicts while slot %i of the three is on its way", async (moving) => {
    const [cache, other, gate] = [open(), open(), createGate()];
    await cache.getOrSet("filed before", menu, () => "old");
    const begun = cache.getOrSet("menu", menu, createOrigin("old", gate).load);
    await gate.arrived;
    const endMove = await beginMove(names[moving] as string);
    expect(await other.evictTags(["menu"])).toEqual({ delivered: true, entries: 1 });
    gate.open();
    expect(await begun).toBe("old");
    for (const reader of [cache, other]) {
      expect(await reader.get("filed before")).toBeUndefined();
      expect(await reader.get("menu")).toBeUndefined();
    }
    await endMove();
    for (const reader of [cache, other]) {
      expect(await reader.get("filed before")).toBeUndefined();
      expect(await reader.get("menu")).toBeUndefined();
    }
    expect(await other.getOrSet("menu", menu, () => "new")).toBe("new");
    expect(await cache.get("menu")).toBe("new");
  });

  it("fills, deletes and locks while the slots are on their way", async () => {
    const [cache, other] = [open(), open()];
    const ends = [];
    for (const name of [...names, "cached:lock:oven"]) ends.push(await beginMove(name));
    expect(await cache.getOrSet("menu", menu, () => "first")).toBe("first");
    expect(await other.get("menu")).toBe("first");
    expect(await other.delete("menu")).toBe(true);
    expect(await cache.get("menu")).toBeUndefined();
    expect(await cache.getOrSet("menu", menu, () => "second")).toBe("second");
    expect(await cache.lock("oven", {}, () => "locked")).toBe("locked");
    for (const end of ends) await end();
    expect(await other.get("menu")).toBe("second");
  });

  it("clears what has moved in the middle, too", async () => {
    const [cache, other] = [open(), open()];
    await cache.getOrSet("menu", menu, () => "old");
    const endMove = await beginMove(names[0] as string);
    await other.clear();
    expect((await other.health()).undeliveredEvictions).toBe(0);
    expect(await cache.get("menu")).toBeUndefined();
    await endMove();
    expect(await cache.get("menu")).toBeUndefined();
    expect(await cache.estimateEntries()).toBe(0);
  });
});
