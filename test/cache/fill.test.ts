import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { StoreError } from "../../src/cache/errors.js";
import type { Cache, CacheOptions } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import type { Position } from "../../src/cache/position.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { LeaseRequest, Store } from "../../src/cache/store.js";
import { createGate } from "../support/gate.js";

const menu = { ttlSeconds: 60, tags: ["menu"] };
const memory = () => createMemoryStore({ maxEntries: 10, maxBytes: 10_000 });

let cache: Cache;
afterEach(() => cache.close());

function open(store: Store, options: CacheOptions = {}): Cache {
  cache = createCacheOver(store, resolveSettings({ earlyRefresh: 0, ...options }));
  return cache;
}

/** A cache that has something near, and a stream whose word comes when the test says. */
async function openNear() {
  const given = memory();
  const stream: { told: Position | undefined; isComplete(): Promise<boolean> } = {
    told: given.knownPosition(),
    isComplete: async () => true,
  };
  const listen: Store["listen"] = (listener) => {
    listener.onOpen();
    return stream;
  };
  open({ ...given, listen }, { near: {} });
  await cache.getOrSet("pizza", menu, () => "Margherita");
  await cache.warm(["pizza"]);
  const seen = () => expect(cache.lookupNear("pizza")).toMatchObject({ value: "Margherita" });
  return { given, stream, seen };
}

test("what a load sees near makes it no younger than the operation that it belongs to", async () => {
  const { given, stream, seen } = await openNear();
  const since = await cache.position();
  await given.evict(["of the result"]);
  stream.told = given.knownPosition();
  const found = await cache.lookup("page", { ...menu, since }, ({ addTags }) => {
    addTags("of the result");
    seen();
    return "remembered from before";
  });
  expect(found).toMatchObject({ value: "remembered from before", since });
  expect((await given.read("page", [])).entry).toBeUndefined();
});

test("an operation is as old as the pushes: what it finds near may be from before an eviction they did not tell of yet", async () => {
  const { given, seen } = await openNear();
  await given.evict(["menu"]);
  const since = await cache.position();
  seen();
  await cache.getOrSet("page", { ...menu, since }, () => "of the pizza it found");
  expect((await given.read("page", [])).entry).toBeUndefined();
});

test.each([
  ["near", ["before", "after"]],
  ["elsewhere", ["after", "before"]],
] as const)(
  "a load is as old as the oldest that it saw, if that was %s",
  async (_, [near, own]) => {
    const { given, stream, seen } = await openNear();
    const before = given.knownPosition() as Position;
    await given.evict(["order"]);
    const at = { before, after: given.knownPosition() as Position };
    stream.told = at[near];
    await cache.getOrSet("page", { ...menu, tags: ["order"] }, ({ setSince }) => {
      seen();
      setSince(at[own]);
      return "from before";
    });
    expect((await given.read("page", [])).entry).toBeUndefined();
  },
);

test("a lease and the tags of its load are renewed while that runs, and not once it is over", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const given = memory();
  const gate = createGate();
  const renewed: Omit<LeaseRequest, "over">[] = [];
  open(
    {
      ...given,
      async renewLease(lease) {
        renewed.push(lease);
        return true;
      },
      async releaseLease() {
        throw new StoreError("ERR cannot release it");
      },
    },
    { leaseSeconds: 3 },
  );
  const loading = cache.getOrSet("page", menu, async () => {
    await gate.pass();
    throw new Error("no such page");
  });
  await gate.arrived;
  await vi.advanceTimersByTimeAsync(2000);
  expect(renewed).toMatchObject(Array(2).fill({ key: "page", tags: ["menu"] }));
  gate.open();
  await expect(loading).rejects.toThrow("no such page");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(renewed).toHaveLength(2);
});
