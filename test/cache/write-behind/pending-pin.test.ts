import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createCacheOver } from "../../../src/cache/cache.js";
import { createCodec } from "../../../src/cache/codec.js";
import {
  type Cache,
  type CacheOptions,
  createCache,
  type WriteBehindOptions,
} from "../../../src/cache/index.js";
import type { RedisClient } from "../../../src/cache/redis/client.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { resolveSettings } from "../../../src/cache/settings.js";
import { pendingOf } from "../../../src/cache/write-behind/pending-pin.js";
import type { Pin } from "../../../src/cache/write-behind/pins.js";
import { createGate } from "../../support/gate.js";
import type { RedisCluster } from "../../support/redis-cluster.js";
import type { RedisServer } from "../../support/redis-server.js";
import { startBoth, WITHOUT_SCRIPTS } from "../../support/without-scripts.js";
import { createOriginTable } from "./write-behind-conformance.js";

const WEEK_MS = 7 * 24 * 3600 * 1000;
const options = { ttlSeconds: 60, tags: ["orders"] };

let server: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, cluster] = await startBoth();
});
afterAll(() => Promise.all([server.stop(), cluster.stop()]));

/** What a failover loses is given back, or taken away, by hand: the servers know no difference. */
describe.each([
  ["on Redis", () => server.client(), "cached:"],
  ["on Redis without scripts", () => server.client(WITHOUT_SCRIPTS), "plain:"],
  ["on a cluster", () => cluster.client(), "cached:"],
])("A pin whose write is on its way no more, %s,", (_, clientOf: () => RedisClient, prefix) => {
  const keys = createKeys(prefix);
  const opened: Cache[] = [];
  let last = 0;
  let key: string;
  let admin: RedisClient;

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
  });

  function open(more: CacheOptions = {}): Cache {
    const cache = createCache({
      redis: clientOf(),
      prefix,
      commandTimeoutMs: 2000,
      earlyRefresh: 0,
      ttlJitter: 0,
      ...more,
    });
    opened.push(cache);
    return cache;
  }

  function start(more: Partial<WriteBehindOptions<unknown>> = {}) {
    const [cache, origin] = [open(), createOriginTable()];
    const name = `queue ${++last}`;
    key = `left ${last}`;
    admin = clientOf();
    const queue = cache.writeBehind<unknown>(name, {
      delaySeconds: 0,
      retrySeconds: 0.01,
      write: (writes) => origin.write(writes),
      ...more,
    });
    return { cache, origin, queue, name };
  }

  const pinned = async () => (await admin.strlen(keys.pin(key))) > 16;

  /** As a replica does that lacked what came since. */
  async function keepingPin(until: () => Promise<unknown>): Promise<void> {
    const pin = (await admin.getBuffer(keys.pin(key))) as Buffer;
    expect(pin.byteLength).toBeGreaterThan(16);
    await until();
    await admin.set(keys.pin(key), pin, "PX", WEEK_MS);
  }

  /** A write that the origin has had, and something newer since; its pin is back. */
  async function leavePin() {
    const gate = createGate();
    const { cache, origin, queue } = start({
      async write(writes) {
        await gate.pass();
        origin.write(writes);
      },
    });
    await queue.put(key, options, "put");
    await keepingPin(async () => {
      gate.open();
      await queue.flush();
    });
    origin.seed(key, "changed since");
    await cache.evictTags(options.tags);
    return { cache, origin };
  }

  it("gives way to the origin in a fill, and is taken away", async () => {
    const { cache, origin } = await leavePin();
    expect(await cache.getOrSet(key, options, origin.load(key))).toBe("changed since");
    expect(await pinned()).toBe(false);
    expect(await cache.lookup(key, options, origin.load(key))).toMatchObject({ status: "hit" });
    expect(origin.loads).toBe(1);
  });

  it("gives way with those of one list in one load", async () => {
    const gate = createGate();
    const { cache, queue } = start({ write: () => gate.pass() });
    const names = ["a", "b", "c"].map((name) => `${name} of ${key}`);
    await Promise.all(names.map((name) => queue.put(name, options, "put")));
    const left = await Promise.all(names.map((name) => admin.getBuffer(keys.pin(name))));
    gate.open();
    await queue.flush();
    await Promise.all(
      names.map((name, index) => admin.set(keys.pin(name), left[index] as Buffer, "PX", WEEK_MS)),
    );
    await cache.evictTags(options.tags);
    const loads: unknown[] = [];
    await cache.getOrSetMany(names, options, (missing) => {
      loads.push(missing);
      return missing.map(() => "origin's");
    });
    expect(loads).toEqual([names]);
  });

  it("is nothing to a peek", async () => {
    const { cache } = await leavePin();
    expect(await cache.get(key)).toBeUndefined();
    expect(await pinned()).toBe(false);
  });

  it("gives way in a load of an operation that is too old to fill", async () => {
    const { cache, origin } = await leavePin();
    const old = { ...options, since: null };
    expect(await cache.getOrSet(key, old, origin.load(key))).toBe("changed since");
  });

  it("gives way in a load past another's lease", async () => {
    const { cache, origin } = await leavePin();
    const pin = (await admin.getBuffer(keys.pin(key))) as Buffer;
    const gate = createGate();
    const held = cache.getOrSet(key, options, async () => {
      await gate.pass();
      return "late";
    });
    await gate.arrived;
    await admin.set(keys.pin(key), pin, "PX", WEEK_MS);
    const impatient = open({ waitSeconds: 0.01 });
    expect(await impatient.lookup(key, options, origin.load(key))).toMatchObject({
      value: "changed since",
      status: "bypassed",
    });
    gate.open();
    await held;
  });

  it("gives way where the stream lost the write, which a process may have in hand yet", async () => {
    const gate = createGate();
    const { cache, origin, queue, name } = start({
      async write(writes) {
        await gate.pass();
        origin.write(writes);
      },
    });
    origin.seed(key, "old");
    await queue.put(key, options, "put");
    await gate.arrived;
    await admin.del(keys.queue(name));
    await cache.delete(key);
    expect(await cache.getOrSet(key, options, origin.load(key))).toBe("old");
    gate.open();
    await expect.poll(() => cache.getOrSet(key, options, origin.load(key))).toBe("put");
  });

  it("gives way though the write, which was given up, is put again", async () => {
    let isRefused = true;
    const gate = createGate();
    const { cache, origin, queue } = start({
      maxAttempts: 2,
      async write(writes) {
        await gate.pass();
        if (isRefused) throw new Error("no");
        origin.write(writes);
      },
    });
    origin.seed(key, "old");
    await queue.put(key, options, "put");
    await keepingPin(async () => {
      gate.open();
      await queue.flush();
    });
    const [letter] = await queue.deadLetters();
    expect(await cache.getOrSet(key, options, origin.load(key))).toBe("old");
    isRefused = false;
    await queue.requeue(letter!.id);
    await queue.flush();
    expect(await cache.getOrSet(key, options, origin.load(key))).toBe("put");
  });

  it("makes no older write of its key look outdated", async () => {
    let isRefused = true;
    let gate = createGate();
    const { cache, origin, queue } = start({
      maxAttempts: 1,
      async write(writes) {
        await gate.pass();
        if (isRefused) throw new Error("no");
        origin.write(writes);
      },
    });
    await queue.put(key, options, "older");
    gate.open();
    await queue.flush();
    const [letter] = await queue.deadLetters();
    gate = createGate();
    const { sequence } = await queue.put(key, options, "newer");
    // The newer one's pin is all that is left of it.
    await keepingPin(async () => {
      gate.open();
      await queue.flush();
      for (const { id, value } of await queue.deadLetters()) {
        if (value === "newer") await queue.discard(id);
      }
    });
    isRefused = false;
    expect(sequence).toBeGreaterThan(letter!.sequence);
    await queue.requeue(letter!.id);
    await queue.flush();
    expect(origin.value(key)).toBe("older");
    expect(await cache.getOrSet(key, options, origin.load(key))).toBe("older");
  });
});

it("A reader who takes a pin away that was left behind has no older write taken for outdated", async () => {
  const prefix = "taken:";
  const asked = createGate();
  const written: unknown[] = [];
  const given = { prefix, leaseMs: 10_000, commandTimeoutMs: 2000 };
  const store = createRedisStore({ redis: server.client(), ...given });
  let isFlushing = true;
  const pins = {
    ...store.pins,
    async isPending(pin: Pin) {
      const isPending = await store.pins.isPending(pin);
      if (isFlushing) await asked.pass();
      return isPending;
    },
  };
  const settings = resolveSettings({ earlyRefresh: 0, ttlJitter: 0, commandTimeoutMs: 2000 });
  const cache = createCacheOver({ ...store, pins }, settings);
  const encoded = (text: string) => {
    const { format, bytes } = createCodec().encode(text);
    return { format, value: bytes };
  };
  const life = { ttlMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, nullTtlMs: 60_000 };
  const entry = { ...life, tags: [], coordinate: undefined };
  const older = { key: "k", entry, ...encoded("older") };
  const sequence = (await store.queue("taken").append(older, 10)) as number;
  // All that a failover left of a newer write.
  const left = { queue: "taken", sequence: sequence + 1, tags: [] };
  await store.pins.pin("k", { ...left, ...encoded("newer") });
  const queue = cache.writeBehind<string>("taken", {
    delaySeconds: 0,
    write: (writes) => void written.push(...writes.map(({ value }) => value)),
  });
  await asked.arrived;
  isFlushing = false;
  expect(await cache.getOrSet("k", { ttlSeconds: 60 }, () => "origin's")).toBe("origin's");
  asked.open();
  await queue.flush();
  expect(written).toEqual(["older"]);
  await cache.close();
});

it.each(["left", "done"] as const)(
  "A pin in whose place a newer one came, which is %s by now, is so as well",
  async (end) => {
    const given = { prefix: "gone:", leaseMs: 10_000, commandTimeoutMs: 2000 };
    const store = createRedisStore({ redis: server.client(), ...given });
    const pin = { queue: "gone", tags: [], format: 0, value: Buffer.from("value") };
    await store.pins.pin(end, { ...pin, sequence: 2 });
    const pins = {
      ...store.pins,
      async pinned(key: string) {
        await (end === "left" ? store.pins.forget(key, 2) : store.pins.unpin(key, 2));
        return store.pins.pinned(key);
      },
    };
    expect(await pendingOf({ pins }, end, { ...pin, sequence: 1 })).toBe(end);
    await store.close();
  },
);

it("A pin whose write was settled in favour of a newer one, after it was read, gives way to that", async () => {
  const [asked, written] = [createGate(), createGate()];
  const given = { prefix: "cached:", leaseMs: 10_000, commandTimeoutMs: 2000 };
  const store = createRedisStore({ redis: server.client(), ...given });
  const pins = {
    ...store.pins,
    async isPending(pin: Pin) {
      if (!asked.isOpen) await asked.pass();
      return store.pins.isPending(pin);
    },
  };
  const settings = resolveSettings({ earlyRefresh: 0, ttlJitter: 0, commandTimeoutMs: 2000 });
  const cache = createCacheOver({ ...store, pins }, settings);
  const queue = cache.writeBehind<string>("replaced", { write: () => written.pass() });
  const { sequence } = await queue.put("replaced", options, "older");
  await cache.delete("replaced");
  const read = cache.getOrSet("replaced", options, () => "origin's");
  await asked.arrived;
  await queue.put("replaced", options, "newer");
  await store.queue("replaced").settle([`${sequence}-0`]);
  asked.open();
  expect(await read).toBe("newer");
  written.open();
  await queue.flush();
  await cache.close();
});
