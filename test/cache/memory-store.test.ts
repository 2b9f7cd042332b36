import { describe, expect, it, vi } from "vitest";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { randomId } from "../../src/cache/random.js";
import type { Store } from "../../src/cache/store.js";
import { testStore } from "./store-conformance.js";

const LIMITS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 };

testStore("The in-process store", async () => createMemoryStore(LIMITS));

describe("The in-process store's limits", () => {
  async function fill(store: Store, key: string, bytes: number, tags: string[] = []) {
    const token = randomId();
    const grant = await store.takeLease({ key, tags, token, leaseMs: 1000, over: "any" });
    if (!grant.taken) throw new Error("The lease was refused.");
    return store.commit(key, token, {
      ttlMs: 60_000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      loadMs: 0,
      tags,
      nonces: tags.map((tag) => grant.snapshot.nonces.get(tag) as string),
      format: 2,
      value: Buffer.alloc(bytes),
    });
  }

  it("keeps no more entries than it may, and forgets the least recently read first", async () => {
    const store = createMemoryStore({ ...LIMITS, maxEntries: 3 });
    for (const key of ["a", "b", "c"]) await fill(store, key, 10);
    await store.read("a", []);
    await fill(store, "d", 10);
    expect(await store.estimateEntries()).toBe(3);
    expect((await store.read("a", [])).entry).toBeDefined();
    expect((await store.read("b", [])).entry).toBeUndefined();
    await store.close();
  });

  it("keeps no more bytes than it may", async () => {
    const store = createMemoryStore({ ...LIMITS, maxBytes: 10_000 });
    for (let entry = 0; entry < 100; entry += 1) await fill(store, `k${entry}`, 1000);
    expect(await store.estimateEntries()).toBeLessThanOrEqual(9);
    await store.close();
  });

  it("says that it did not take an entry which is larger than all of the room", async () => {
    const store = createMemoryStore({ ...LIMITS, maxBytes: 10_000 });
    expect(await fill(store, "small", 9_000)).toBeTypeOf("number");
    expect(await fill(store, "large", 10_000)).toBeUndefined();
    expect((await store.read("large", [])).entry).toBeUndefined();
    // Its holder still has to give the lease up.
    expect((await store.read("large", [])).lease).toBeDefined();
    await store.close();
  });

  it("forgets entries within a second of their ends, each at the end of its last fill", async () => {
    vi.useFakeTimers();
    try {
      const store = createMemoryStore(LIMITS);
      await fill(store, "once", 10, ["t"]);
      await fill(store, "twice", 10, ["t"]);
      await vi.advanceTimersByTimeAsync(30_000);
      await fill(store, "twice", 10, ["t"]);
      await vi.advanceTimersByTimeAsync(32_000);
      expect(await store.estimateEntries()).toBe(1);
      expect((await store.read("twice", [])).entry).toBeDefined();
      expect((await store.evict(["t"])).entries).toBe(1);
      await store.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it("counts an entry that was forgotten for room as gone from its tags", async () => {
    const store = createMemoryStore({ ...LIMITS, maxEntries: 1 });
    await fill(store, "a", 10, ["t"]);
    await fill(store, "b", 10, ["t"]);
    expect((await store.evict(["t"])).entries).toBe(1);
    await store.close();
  });
});
