import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { StoreError, StoreSlowError, StoreUnavailableError } from "../../src/cache/errors.js";
import type { Cache, CacheOptions, EntryOptions } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { Store } from "../../src/cache/store.js";
import { createGate, type Gate } from "../support/gate.js";
import { createOrigin } from "../support/origin.js";

const menu = { ttlSeconds: 60, tags: ["menu"] };

let cache: Cache;
let given: Store;
let taking: Gate;

/** A cache that asks for its leases when the gate is open, and is answered like this. */
function open(takeLease: Store["takeLease"], options: CacheOptions = {}): void {
  const store: Store = {
    ...given,
    async takeLease(request) {
      await taking.pass();
      return takeLease(request);
    },
  };
  cache = createCacheOver(store, resolveSettings({ waitSeconds: 60, ...options }));
}

beforeEach(() => {
  given = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
  taking = createGate();
});
afterEach(() => cache.close());

/** One that asks for the lease, and one that comes before it is answered. */
async function leadAndFollow(options: EntryOptions, load: () => Promise<unknown>) {
  const find = () => cache.lookup("menu", options, load);
  const leading = find();
  await taking.arrived;
  const following = find();
  await expect.poll(() => cache.stats().waits).toBe(1);
  return [leading, following];
}

describe("who waits for a lease", () => {
  test("joins the load as soon as it is granted, and shares its error", async () => {
    open(given.takeLease);
    const gate = createGate();
    const thrown = new Error("no such menu");
    const callers = await leadAndFollow(menu, async () => {
      await gate.pass();
      throw thrown;
    });
    taking.open();
    await gate.arrived;
    await new Promise(setImmediate);
    gate.open();
    for (const caller of callers) await expect(caller).rejects.toBe(thrown);
    expect(gate.arrivals).toBe(1);
  });

  test("that another process got goes on waiting for that one's load", async () => {
    open(given.takeLease);
    const other = createCacheOver(given, resolveSettings({}));
    const gate = createGate();
    const callers = await leadAndFollow(menu, async () => "never");
    const others = other.getOrSet("menu", menu, createOrigin("menu", gate).load);
    await gate.arrived;
    taking.open();
    await new Promise(setImmediate);
    gate.open();
    await others;
    for (const caller of callers) {
      expect(await caller).toMatchObject({ value: "menu", status: "waited" });
    }
    await other.close();
  });

  test("that a load is too old to hold does not wait for that load", async () => {
    open(given.takeLease);
    const since = await cache.position();
    await cache.evictTags(["menu"]);
    const gate = createGate();
    const callers = await leadAndFollow({ ...menu, since }, createOrigin("menu", gate).load);
    taking.open();
    await gate.arrivedTimes(2);
    gate.open();
    for (const { status } of await Promise.all(callers)) expect(status).toBe("bypassed");
    expect(await cache.get("menu")).toBeUndefined();
  });

  test("that an outage takes away does not wait for the load, and gets what outages give", async () => {
    const away = new StoreUnavailableError("Redis must be in reach, but is not.");
    given = { ...given, ping: () => Promise.reject(away) };
    open(() => Promise.reject(away), { onOutage: "throw" });
    const callers = await leadAndFollow(menu, async () => "menu");
    taking.open();
    for (const caller of callers) await expect(caller).rejects.toThrow(StoreUnavailableError);
  });

  test.each([
    ["comes too late", new StoreSlowError("Redis must have answered, but did not.")],
    ["the store refuses", new StoreError("ERR no leases")],
  ])("that %s shares the load of who asked for it", async (_, error) => {
    open(() => Promise.reject(error), { onOutage: "throw" });
    const gate = createGate();
    const origin = createOrigin("menu", gate);
    const callers = await leadAndFollow({ ttlSeconds: 60 }, origin.load);
    taking.open();
    await gate.arrived;
    await new Promise(setImmediate);
    gate.open();
    for (const { status } of await Promise.all(callers)) expect(status).toBe("bypassed");
    expect(origin.loads).toBe(1);
  });
});
