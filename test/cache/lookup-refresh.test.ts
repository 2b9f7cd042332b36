import { afterEach, describe, expect, test, vi } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { StoreError } from "../../src/cache/errors.js";
import type { Cache, EntryOptions } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { Reading, Store } from "../../src/cache/store.js";
import { createGate } from "../support/gate.js";
import { createOrigin } from "../support/origin.js";

const minute = { ttlSeconds: 60 };
let cache: Cache;

afterEach(() => cache.close());

describe("a refresh in the background", () => {
  const revalidating = { ttlSeconds: 0.001, staleWhileRevalidateSeconds: 60, tags: ["menu"] };
  const never = vi.fn(() => "for nobody");
  afterEach(() => never.mockClear());

  async function staleHit(options: EntryOptions): Promise<void> {
    const find = () => cache.lookup("menu", options, never);
    await expect.poll(find).toMatchObject({ value: "kept", status: "stale" });
  }

  test("loads nothing where it gets no lease: nobody waits for its result", async () => {
    const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
    const asked = createGate();
    let isRefusing = false;
    const store: Store = {
      ...memory,
      async takeLease(request) {
        if (!isRefusing) return memory.takeLease(request);
        await asked.pass();
        throw new StoreError("OOM command not allowed");
      },
    };
    cache = createCacheOver(store, resolveSettings({ earlyRefresh: 0 }));
    await cache.getOrSet("menu", revalidating, () => "kept");
    isRefusing = true;
    await staleHit(revalidating);
    asked.open();
    await expect.poll(() => cache.stats().errors).toBeGreaterThan(0);
    expect(never).not.toHaveBeenCalled();
  });

  test.each<[string, Partial<Reading>]>([
    ["somebody else is at it", { lease: { token: "other", remainingMs: 1_000, doomed: false } }],
    ["the last one left nothing to store", { pass: true }],
    ["the entry was evicted", { valid: false }],
  ])("is not begun where %s, nor on demand", async (_, found) => {
    const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
    const takeLease = vi.fn(memory.takeLease);
    const read: Store["read"] = async (...asked) => ({
      ...(await memory.read(...asked)),
      ...found,
    });
    const other = createCacheOver(memory, resolveSettings({}));
    cache = createCacheOver({ ...memory, takeLease, read }, resolveSettings({ earlyRefresh: 0 }));
    await other.getOrSet("menu", revalidating, () => "kept");
    if (found.valid !== false) await staleHit(revalidating);
    cache.refresh("menu", revalidating, never);
    await new Promise(setImmediate);
    expect(takeLease).not.toHaveBeenCalled();
    await other.close();
  });

  test("is not begun on demand of an entry that is filed under fewer tags", async () => {
    const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
    cache = createCacheOver(memory, resolveSettings({ earlyRefresh: 0 }));
    await cache.getOrSet("menu", minute, () => "kept");
    cache.refresh("menu", { ...minute, tags: ["menu"] }, never);
    await new Promise(setImmediate);
    expect(never).not.toHaveBeenCalled();
  });

  test("is begun once by a crowd, and for nobody whose operation's age is unknown", async () => {
    const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
    const takeLease = vi.fn(memory.takeLease);
    const read = vi.fn(memory.read);
    cache = createCacheOver({ ...memory, takeLease, read }, resolveSettings({ earlyRefresh: 0 }));
    await cache.getOrSet("menu", revalidating, () => "kept");
    await staleHit({ ...revalidating, since: null });
    expect(takeLease).toHaveBeenCalledTimes(1);
    const gate = createGate();
    const origin = createOrigin("new", gate);
    const crowd = [1, 2, 3].map(() => cache.getOrSet("menu", revalidating, origin.load));
    expect(await Promise.all(crowd)).toEqual(Array(3).fill("kept"));
    await gate.arrived;
    expect(takeLease).toHaveBeenCalledTimes(2);
    const before = read.mock.calls.length;
    cache.refresh("menu", revalidating, origin.load);
    expect(read).toHaveBeenCalledTimes(before);
    gate.open();
  });

  test("by a load of its own is as old as its start, and not as its caller's operation", async () => {
    const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
    cache = createCacheOver(memory, resolveSettings({ earlyRefresh: 0 }));
    const since = await cache.position();
    await cache.evictTags(["menu"]);
    await cache.getOrSet("menu", revalidating, () => "kept");
    const find = () =>
      cache.getOrSet("menu", { ...revalidating, since, refresh: () => "new" }, never);
    await expect.poll(find).toBe("new");
    expect(never).not.toHaveBeenCalled();
  });

  test("loads nothing for an operation that is too old for its result to be stored", async () => {
    const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
    const refused = createGate();
    cache = createCacheOver(
      memory,
      resolveSettings({
        earlyRefresh: 0,
        onEvent: ({ type }) => type === "refused" && refused.pass(),
      }),
    );
    const since = await cache.position();
    await cache.evictTags(["menu"]);
    await cache.getOrSet("menu", revalidating, () => "kept");
    await staleHit({ ...revalidating, since });
    await refused.arrived;
    expect(never).not.toHaveBeenCalled();
  });
});
