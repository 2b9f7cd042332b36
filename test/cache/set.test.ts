import { afterEach, beforeEach, expect, test } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import type { Cache, CacheEvent, CacheOptions } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { LeaseRequest, Store } from "../../src/cache/store.js";
import { createGate, type Gate } from "../support/gate.js";

const menu = { ttlSeconds: 60, tags: ["menu"] };
let store: Store;
let cache: Cache;
let events: CacheEvent[];
/** Where a commit is held, if it is to be. */
let held: Gate | undefined;

beforeEach(() => {
  [held, events] = [undefined, []];
  const given = createMemoryStore({ maxEntries: 10, maxBytes: 10_000 });
  store = {
    ...given,
    async commit(...args) {
      await held?.pass();
      return given.commit(...args);
    },
  };
  const options: CacheOptions = { maxValueBytes: 100, onEvent: (event) => events.push(event) };
  cache = createCacheOver(store, resolveSettings(options));
});
afterEach(() => cache.close());

test.each([
  ["is too large", "x".repeat(1_000), "too large"],
  ["is a null that is not kept", null, "null"],
])("a value that %s is refused, and the reason told", async (_, value, reason) => {
  expect(await cache.set("pizza", { ...menu, nullTtlSeconds: 0 }, value)).toBe(false);
  expect(events).toEqual([{ type: "refused", reason, key: "pizza" }]);
});

test("a value that cannot be carried is one error a key, however often it is set", async () => {
  expect(await cache.set("pizza", menu, () => "a function")).toBe(false);
  expect(await cache.set("pizza", menu, () => "a function")).toBe(false);
  expect(events).toMatchObject([
    { type: "error", key: "pizza", error: { code: "E_NOT_CACHEABLE" } },
  ]);
});

test("an operation that is too old to set is told so, and leaves neither a lease nor a marker for others to go by", async () => {
  const since = await cache.position();
  await cache.evictTags(["menu"]);
  events = [];
  expect(await cache.set("pizza", { ...menu, since }, "from before")).toBe(false);
  expect(events).toEqual([{ type: "refused", reason: "operation too old", key: "pizza" }]);
  expect(await store.read("pizza", ["menu"])).toMatchObject({ pass: false });
  expect((await store.read("pizza", ["menu"])).lease).toBeUndefined();
});

const anew: LeaseRequest = {
  key: "pizza",
  tags: [],
  token: "another1",
  leaseMs: 1_000,
  over: "any",
};

test.each<[string, () => Promise<unknown>]>([
  ["deleted", () => cache.delete("pizza")],
  ["set anew", () => store.takeLease(anew)],
])(
  "a value whose key is %s before it is written is not stored, and said not to be",
  async (_, overtake) => {
    held = createGate();
    const setting = cache.set("pizza", menu, "Margherita");
    await held.arrived;
    await overtake();
    held.open();
    expect(await setting).toBe(false);
    expect(await cache.get("pizza")).toBeUndefined();
  },
);

test("an eviction that comes before the value is written wins over it", async () => {
  held = createGate();
  const setting = cache.set("pizza", menu, "Margherita");
  await held.arrived;
  await cache.evictTags(["menu"]);
  held.open();
  await setting;
  expect(await cache.get("pizza")).toBeUndefined();
});

test("what is set is there under its tags, and took no time to load: nobody refreshes it early", async () => {
  expect(await cache.set("pizza", menu, "Margherita")).toBe(true);
  expect(await cache.get("pizza")).toBe("Margherita");
  expect((await store.read("pizza", ["menu"])).entry).toMatchObject({ loadMs: 0 });
});
