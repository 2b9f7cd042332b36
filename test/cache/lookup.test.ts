import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import type { Entry } from "../../src/cache/entry.js";
import { StoreUnavailableError } from "../../src/cache/errors.js";
import type { Cache } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { Store } from "../../src/cache/store.js";
import { Waiting } from "../../src/cache/waiting.js";
import { createGate } from "../support/gate.js";
import { createOrigin } from "../support/origin.js";
import { createUnseenLeases } from "../support/unseen-leases.js";

const minute = { ttlSeconds: 60 };
let cache: Cache;

afterEach(() => cache.close());

test("a refresh that was asked for is not tried while the store is out of reach", async () => {
  const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
  const gone = () =>
    Promise.reject(new StoreUnavailableError("Redis must be in reach, but is not."));
  let reads = 0;
  const store: Store = {
    ...memory,
    ping: gone,
    read() {
      reads += 1;
      return gone();
    },
  };
  cache = createCacheOver(store, resolveSettings({}));
  const origin = createOrigin("value");
  expect(await cache.getOrSet("menu", minute, origin.load)).toBe("value");
  expect((await cache.health()).breaker.state).not.toBe("closed");
  const before = reads;
  cache.refresh("menu", minute, origin.load);
  expect(reads).toBe(before);
  expect(origin.loads).toBe(1);
});

test("a pass marker sends its reader past the lease, and not into a fill that began meanwhile", async () => {
  const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
  const [late, fill] = [createGate(), createGate()];
  let isFirst = true;
  const store: Store = {
    ...memory,
    async read(...asked) {
      const held = isFirst;
      isFirst = false;
      const reading = await memory.read(...asked);
      if (!held) return reading;
      await late.pass();
      return { ...reading, pass: true };
    },
  };
  cache = createCacheOver(store, resolveSettings({}));
  const marked = cache.lookup("menu", minute, () => "own");
  await late.arrived;
  const leading = cache.lookup("menu", minute, async () => {
    await fill.pass();
    return "filled";
  });
  await fill.arrived;
  late.open();
  expect(await marked).toMatchObject({ value: "own", status: "bypassed" });
  expect(cache.stats().waits).toBe(0);
  fill.open();
  expect(await leading).toMatchObject({ value: "filled", status: "miss" });
});

test("an answer is worked out once for a crowd, and what the first does to its own, no other sees", async () => {
  const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
  const other = createCacheOver(memory, resolveSettings({}));
  const refusal = createGate();
  let shared: ReturnType<Store["read"]> | undefined;
  let sharers = 0;
  let looks = 0;
  const store: Store = {
    ...memory,
    async takeLease() {
      await refusal.pass();
      await other.getOrSet("menu", minute, () => "menu");
      shared = memory.read("menu", []).then(({ ...reading }) => {
        const entry = reading.entry as Entry;
        const bytes = entry.value;
        const looked = Object.defineProperty({ ...entry }, "value", {
          get() {
            looks += 1;
            return bytes;
          },
        });
        return { ...reading, entry: looked };
      });
      return { taken: false };
    },
    // As a batch does, whose second half is told a turn later.
    async read(...asked) {
      if (!shared) return memory.read(...asked);
      sharers += 1;
      const isLate = sharers > 2;
      const reading = await shared;
      if (isLate) await new Promise(setImmediate);
      return reading;
    },
  };
  cache = createCacheOver(store, resolveSettings({}));
  const crowd = Array.from({ length: 4 }, () => cache.lookup("menu", minute, () => "never"));
  await refusal.arrived;
  await expect.poll(() => cache.stats().waits).toBe(3);
  const seen = crowd.map(async (lookup) => {
    const answer = await lookup;
    const own = { ...answer };
    Object.assign(answer, { value: "damaged", status: "damaged", tags: [] });
    return own;
  });
  refusal.open();
  const [refused, ...waited] = await Promise.all(seen);
  expect(refused).toMatchObject({ value: "menu", status: "hit" });
  expect(waited).toEqual(Array(3).fill({ ...waited[0], value: "menu", status: "waited" }));
  expect(Object.keys(waited[2] as object).sort()).toEqual(Object.keys(refused as object).sort());
  // By the one that was refused, by the first of those who waited, and for all that came after it.
  expect(looks).toBe(3);
  expect(await cache.lookup("menu", minute, () => "never")).toMatchObject({ status: "hit" });
  await other.close();
});

test("a lease that its reader cannot see, since the server's clock is behind, is not asked for without a pause", async () => {
  const unseen = createUnseenLeases();
  const other = { key: "menu", tags: [], token: "of-other", leaseMs: 60_000 };
  expect(await unseen.memory.takeLease({ ...other, over: "any" })).toMatchObject({ taken: true });
  cache = createCacheOver(unseen.store, resolveSettings({ waitSeconds: 0.25 }));
  const found = await cache.lookup("menu", minute, () => "value");
  expect(found).toMatchObject({ value: "value", status: "bypassed" });
  expect(unseen.asked).toBeLessThan(20);
});

test("who waits for a lease that is granted in this process joins its fill, and counts no refusal", async () => {
  const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
  const [taking, filling] = [createGate(), createGate()];
  const store: Store = {
    ...memory,
    async takeLease(request) {
      await taking.pass();
      return memory.takeLease(request);
    },
  };
  cache = createCacheOver(store, resolveSettings({}));
  const refused = vi.spyOn(Waiting.prototype, "wasRefused");
  onTestFinished(() => refused.mockRestore());
  const origin = createOrigin("value", filling);
  const leading = cache.lookup("menu", minute, origin.load);
  await taking.arrived;
  const following = cache.lookup("menu", minute, origin.load);
  await new Promise(setImmediate);
  taking.open();
  await filling.arrived;
  filling.open();
  expect(await leading).toMatchObject({ status: "miss" });
  expect(await following).toMatchObject({ status: "waited" });
  expect(refused).not.toHaveBeenCalled();
  expect(origin.loads).toBe(1);
});
