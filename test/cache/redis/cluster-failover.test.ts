import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cache } from "../../../src/cache/index.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { keySlot } from "../../../src/key-slot.js";
import { createGate } from "../../support/gate.js";
import { createOrigin } from "../../support/origin.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import type { RedisServer } from "../../support/redis-server.js";
import { testCaches } from "../../support/test-caches.js";

const LONG = { timeout: 15_000 };

/** Masters of a real cluster are killed or set aside, with and without what only they had. */
describe("When a master of a cluster is lost", () => {
  let cluster: RedisCluster;
  const caches = testCaches(() => ({ redis: cluster.client() }));
  const { open, events } = caches;
  const keys = createKeys("cached:");
  const menu = { ttlSeconds: 60, tags: ["menu"] };

  beforeEach(async () => {
    cluster = await startCluster({ masters: 3, replicas: 1 });
  });
  afterEach(async () => {
    await caches.close();
    await cluster.stop();
  });

  interface Pair {
    readonly master: RedisServer;
    readonly replica: RedisServer;
    /** Of the replica, connected. */
    readonly admin: Redis;
    /** Lets what is written from now on not reach the replica: it is stopped, and its link cut. */
    cut(): Promise<void>;
    /** The replica runs again, and is master at once, without anybody's consent. */
    takeOver(): Promise<void>;
  }

  /** Which of the masters serves a name's slot at first. */
  const partOf = (name: string) => Math.floor((keySlot(name) * cluster.masters.length) / 16_384);

  /** A key whose entry has the same master as the name: what becomes of the one becomes of the other. */
  function keyBeside(name: string): string {
    const candidates = Array.from({ length: 100 }, (_, n) => `entry ${n}`);
    return candidates.find((key) => partOf(keys.entry(key)) === partOf(name)) as string;
  }

  /** Who serves a name's slot. */
  async function serving(name: string): Promise<Pair> {
    const index = partOf(name);
    const master = cluster.masters[index]!;
    const replica = cluster.replicas[index]!;
    const admin = replica.client();
    await admin.ping();
    return {
      master,
      replica,
      admin,
      async cut() {
        replica.pause();
        await master.client().call("CLIENT", "KILL", "TYPE", "replica");
      },
      async takeOver() {
        const taking = admin.call("CLUSTER", "FAILOVER", "TAKEOVER");
        replica.resume();
        await taking;
        await expect.poll(async () => (await admin.role())[0], LONG).toBe("master");
      },
    };
  }

  const usesRedis = (cache: Cache) =>
    expect.poll(() => cache.health().then(({ status }) => status), LONG).toBe("ok");

  it.each([
    ["the tag's", keys.tag("menu")],
    ["the deleted key's", keys.entry("order")],
    ["the log's", keys.log],
  ])("an eviction that %s replica lacks is issued again", async (_, name) => {
    const [evictor, other] = [open(), open()];
    const key = keyBeside(name);
    await evictor.getOrSet(key, menu, () => "old");
    await other.getOrSet("order", { ttlSeconds: 60 }, () => "old");
    const { master, cut, takeOver } = await serving(name);
    await replicated(name);
    await cut();
    expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: true });
    expect(await evictor.delete("order")).toBe(true);
    await master.kill();
    await takeOver();
    await usesRedis(evictor);
    expect(await evictor.get(key)).toBeUndefined();
    expect(await evictor.get("order")).toBeUndefined();
    await usesRedis(other);
    expect(await other.get(key)).toBeUndefined();
    expect(await other.get("order")).toBeUndefined();
    expect(await other.getOrSet(key, menu, () => "new")).toBe("new");
    expect(await evictor.get(key)).toBe("new");
  });

  it("it is issued again too where the old master lives on, as a replica", async () => {
    const evictor = open();
    const key = keyBeside(keys.tag("menu"));
    await evictor.getOrSet(key, menu, () => "old");
    const { admin, cut, takeOver } = await serving(keys.tag("menu"));
    await replicated(keys.tag("menu"));
    await admin.readonly();
    const before = await admin.get(keys.tag("menu"));
    await cut();
    await evictor.evictTags(["menu"]);
    await takeOver();
    expect(await admin.get(keys.tag("menu"))).toBe(before);
    // The cluster learns of it by gossip, and we by a redirection.
    const seen = new Set<unknown>();
    const afterUse = async () => {
      seen.add(await evictor.getOrSet(key, menu, () => "new"));
      return admin.get(keys.tag("menu"));
    };
    await expect.poll(afterUse, { ...LONG, interval: 1 }).not.toBe(before);
    await usesRedis(evictor);
    expect(await evictor.getOrSet(key, menu, () => "new")).toBe("new");
    // Not even the read that was redirected.
    expect(seen).toEqual(new Set(["new"]));
  });

  it("it is issued again where the master comes back with an old snapshot, after being missed", async () => {
    await using alone = await startCluster({ masters: 3 });
    const evictor = open({ redis: alone.client() });
    const key = keyBeside(keys.tag("menu"));
    await evictor.getOrSet(key, menu, () => "old");
    const master = alone.masters[partOf(keys.tag("menu"))]!;
    const admin = master.client();
    // The entry is filed, which gives the tag its life.
    await expect.poll(() => admin.pttl(keys.tag("menu")), LONG).toBeGreaterThan(60_000);
    await admin.save();
    expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: true });
    await master.kill();
    // Noticed, and the masters that are left are all that there is for now.
    await expect
      .poll(() => evictor.lookup(key, menu, () => "new").then(({ status }) => status), LONG)
      .toBe("outage");
    await master.restart();
    await usesRedis(evictor);
    expect(await evictor.get(key)).not.toBe("old");
    expect(await open({ redis: alone.client() }).get(key)).not.toBe("old");
  });

  it("a fill in the middle gives its value, and neither blocks nor misleads anybody after it", async () => {
    const [cache, other, gate] = [
      open({ leaseSeconds: 1 }),
      open({ leaseSeconds: 1 }),
      createGate(),
    ];
    const begun = cache.lookup("menu", menu, createOrigin("old", gate).load);
    await gate.arrived;
    const { master } = await serving(keys.entry("menu"));
    await master.kill();
    expect(await other.evictTags(["menu"])).toMatchObject({ entries: 0 });
    gate.open();
    expect(await begun).toMatchObject({ value: "old" });
    expect(await other.getOrSet("menu", menu, () => "new")).toBe("new");
    await usesRedis(cache);
    await usesRedis(other);
    expect(await cache.getOrSet("menu", menu, () => "new")).toBe("new");
    await expect
      .poll(() => other.lookup("menu", menu, () => "new").then(({ status }) => status), LONG)
      .toBe("hit");
  });

  /** The nodes that such events name, "" for the whole store. */
  function told(type: "outage" | "recovery"): string[] {
    return events.flatMap((event) => (event.type === type ? [event.node ?? ""] : [])).toSorted();
  }

  it("a master is told of as lost, and each node that was as back, once the replica takes its place", async () => {
    const cache = open();
    await cache.getOrSet("menu", menu, () => "menu");
    const { master } = await serving(keys.entry("menu"));
    await master.kill();
    await expect
      .poll(() => cache.lookup("menu", menu, () => "menu").then(({ status }) => status), LONG)
      .toBe("outage");
    expect(await cache.evictTags(["menu"])).toMatchObject({ delivered: false });
    await cache.clear();
    expect(await cache.health()).toMatchObject({ undeliveredEvictions: 1 });
    await usesRedis(cache);
    await expect.poll(() => told("recovery"), LONG).toEqual(told("outage"));
    expect(told("outage")).toContain(`127.0.0.1:${master.port}`);
    expect(await cache.lookup("menu", menu, () => "new")).toMatchObject({ status: "miss" });
  });

  it("a master that hangs is replaced as well, though its connections stay open", async () => {
    const cache = open({ commandTimeoutMs: 200 });
    await cache.getOrSet("menu", menu, () => "menu");
    const { master } = await serving(keys.entry("menu"));
    master.pause();
    try {
      await usesRedis(cache);
      await cache.getOrSet("menu", menu, () => "menu");
      expect(await cache.lookup("menu", menu, () => "new")).toMatchObject({ status: "hit" });
    } finally {
      master.resume();
    }
  });

  it("with waitReplicas, an eviction counts as delivered when the replicas of its masters have it", async () => {
    const [evictor, other] = [open({ waitReplicas: 1 }), open()];
    const tags = Array.from({ length: 20 }, (_, n) => `tag ${n}`);
    await Promise.all(
      tags.map((tag) => other.getOrSet(tag, { ttlSeconds: 60, tags: [tag] }, () => "old")),
    );
    expect(await evictor.evictTags(tags)).toEqual({ delivered: true, entries: 20 });
    await other.getOrSet("order", { ttlSeconds: 60 }, () => "old");
    expect(await evictor.delete("order")).toBe(true);
    const { cut, replica } = await serving(keys.tag("menu"));
    await cut();
    expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: false });
    replica.resume();
    await usesRedis(evictor);
    await evictor.clear();
    expect(await evictor.health()).toMatchObject({ undeliveredEvictions: 0 });
  });

  /** Resolves when the replica of a name's master has all that was written there. */
  async function replicated(name: string): Promise<void> {
    const { master } = await serving(name);
    const admin = master.client();
    const offsets = async () => {
      const info = await admin.info("replication");
      const field = (pattern: RegExp) => pattern.exec(info)?.[1];
      return [field(/^master_repl_offset:(\d+)/m), field(/^slave0:.*offset=(\d+)/m)];
    };
    await expect.poll(async () => new Set(await offsets()).size, LONG).toBe(1);
  }
});
