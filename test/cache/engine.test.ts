import { expect, test } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { StoreUnavailableError } from "../../src/cache/errors.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import { createGate } from "../support/gate.js";

const memory = () => createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });

test("whoever closes a cache that is being closed waits until it is", async () => {
  const given = memory();
  const gate = createGate();
  const store = {
    ...given,
    async close() {
      await gate.pass();
      await given.close();
    },
  };
  const cache = createCacheOver(store, resolveSettings({}));
  const ended: string[] = [];
  const closings = ["first", "second"].map((who) => cache.close().then(() => ended.push(who)));
  await gate.arrived;
  await new Promise(setImmediate);
  expect(ended).toEqual([]);
  gate.open();
  await Promise.all(closings);
  expect(gate.arrivals).toBe(1);
});

test("a load that closes the cache because it is being closed finds it closed", async () => {
  const given = memory();
  const gate = createGate();
  let closes = 0;
  const store = {
    ...given,
    async close() {
      closes += 1;
      await given.close();
    },
  };
  const cache = createCacheOver(store, resolveSettings({}));
  const again: Promise<unknown>[] = [];
  const loading = cache.getOrSet("menu", { ttlSeconds: 60 }, async ({ signal }) => {
    signal.addEventListener("abort", () => {
      again.push(
        cache.close(),
        cache.get("menu").catch(({ code }) => code),
      );
    });
    await gate.pass();
  });
  await gate.arrived;
  await Promise.all([cache.close(), loading.catch(() => {})]);
  expect(await Promise.all(again)).toEqual([undefined, "E_CLOSED"]);
  expect(closes).toBe(1);
});

test("there are no entries in a store that is just found to be out of reach", async () => {
  const gone = () =>
    Promise.reject(new StoreUnavailableError("Redis must be in reach, but is not."));
  const store = { ...memory(), estimateEntries: gone, ping: gone };
  const cache = createCacheOver(store, resolveSettings({}));
  expect(await cache.estimateEntries()).toBe(0);
  expect((await cache.health()).breaker.state).not.toBe("closed");
  await cache.close();
});

test("what a closing cache has not delivered is tried once more", async () => {
  const given = memory();
  let isAway = true;
  const store = {
    ...given,
    async evict(tags: readonly string[]) {
      if (isAway) throw new StoreUnavailableError("Redis must be in reach, but is not.");
      return given.evict(tags);
    },
    // In reach again, but found so too late.
    ping: () => new Promise<never>(() => {}),
    close: async () => {},
  };
  const cache = createCacheOver(store, resolveSettings({}));
  await cache.set("menu", { ttlSeconds: 60, tags: ["menu"] }, "old");
  expect(await cache.evictTags(["menu"])).toEqual({ delivered: false, entries: 0 });
  isAway = false;
  await cache.close();
  expect(await given.read("menu", ["menu"])).not.toMatchObject({ valid: true });
});

test.each([
  ["nothing", undefined, "undefined"],
  ["a promise of what it gives", Promise.resolve("menu"), "an object"],
])("%s in the place of a load is refused in words", async (_, load, came) => {
  const cache = createCacheOver(memory(), resolveSettings({}));
  await expect(cache.getOrSet("menu", { ttlSeconds: 60 }, load as never)).rejects.toMatchObject({
    code: "E_INVALID_OPTION",
    message: `load must be a function, but got: ${came}`,
  });
  await cache.close();
});
