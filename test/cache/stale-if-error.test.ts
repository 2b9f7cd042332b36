import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { NodeUnavailableError, StoreError, StoreUnavailableError } from "../../src/cache/errors.js";
import type { Cache, CacheEvent, CacheOptions, EntryOptions } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { Store } from "../../src/cache/store.js";
import { createGate } from "../support/gate.js";

const NODE = "127.0.0.1:7001";
const menu = { ttlSeconds: 60, staleIfErrorSeconds: 30, tags: ["menu"] };
const gone = new Error("The database is down.");
const fail = () => Promise.reject(gone);

let given: Store;
let cache: Cache;
let events: CacheEvent[];
let skippedMs: number;
let reads: number;
/** What the next reads reject with, if they are to. */
let readFailure: Error | undefined;
let areVersionsLost: boolean;

beforeEach(() => {
  given = createMemoryStore({ maxEntries: 10, maxBytes: 10_000 });
  [events, skippedMs, reads, readFailure, areVersionsLost] = [[], 0, 0, undefined, false];
});
afterEach(() => cache.close());

function open(changed: Partial<Store> = {}, options: CacheOptions = {}): void {
  const store: Store = {
    ...given,
    now: () => given.now() + skippedMs,
    async read(...asked) {
      reads += 1;
      if (readFailure) throw readFailure;
      const reading = await given.read(...asked);
      return areVersionsLost ? { ...reading, valid: false } : reading;
    },
    ...changed,
  };
  const all: CacheOptions = { earlyRefresh: 0, ttlJitter: 0, ...options };
  cache = createCacheOver(
    store,
    resolveSettings({ ...all, onEvent: (event) => events.push(event) }),
  );
}

/** Stored, and that many seconds past its ttl. */
async function staleSince(seconds: number, options: EntryOptions = menu): Promise<void> {
  await cache.getOrSet("pizza", options, () => "Margherita");
  skippedMs += 60_000 + seconds * 1_000;
  events = [];
}

describe("a stale entry, for a load that throws", () => {
  test("serves up to the end of its window", async () => {
    open();
    await staleSince(29);
    expect(await cache.lookup("pizza", menu, fail)).toMatchObject({
      value: "Margherita",
      status: "stale",
    });
    skippedMs += 1_000;
    await expect(cache.lookup("pizza", menu, fail)).rejects.toBe(gone);
  });

  test("is told of with its age, and with why it served", async () => {
    open();
    await staleSince(10);
    await cache.getOrSet("pizza", menu, fail);
    expect(events.filter(({ type }) => type === "staleHit")).toEqual([
      {
        type: "staleHit",
        reason: "error",
        ageSeconds: expect.closeTo(70, 0),
        key: "pizza",
      },
    ]);
  });

  test.each<[string, EntryOptions]>([
    ["that asks under a tag which it is not filed under", { ...menu, tags: ["menu", "offers"] }],
    ["that wants none", { ...menu, staleIfErrorSeconds: 0 }],
  ])("does not serve a caller %s", async (_, options) => {
    open();
    await staleSince(10);
    await expect(cache.lookup("pizza", options, fail)).rejects.toBe(gone);
    expect(events.filter(({ type }) => type === "staleHit")).toEqual([]);
  });

  test("does not serve once the versions of its tags are lost", async () => {
    open();
    await staleSince(10);
    areVersionsLost = true;
    await expect(cache.lookup("pizza", menu, fail)).rejects.toBe(gone);
  });

  test("does not serve once it was evicted while the load ran, though that waits for a lost node", async () => {
    let lost: string[] = [];
    open({
      lostNodes: () => lost,
      onNode() {},
      async evict(tags) {
        if (lost.length > 0) throw new NodeUnavailableError(NODE);
        return given.evict(tags);
      },
    });
    await cache.getOrSet("pizza", menu, ({ addTags }) => {
      addTags("of the result");
      return "Margherita";
    });
    skippedMs = 70_000;
    const gate = createGate();
    const loading = cache.lookup("pizza", menu, async () => {
      await gate.pass();
      throw gone;
    });
    await gate.arrived;
    lost = [NODE];
    expect(await cache.evictTags(["of the result"])).toMatchObject({ delivered: false });
    gate.open();
    await expect(loading).rejects.toBe(gone);
    lost = [];
  });
});

describe("where the store does not answer when the load has thrown", () => {
  /** Stale in the store, perhaps near as well, and its load about to throw. */
  async function failing(near: NonNullable<CacheOptions["near"]>, changed: Partial<Store> = {}) {
    const listen: Store["listen"] = (listener) => {
      listener.onOpen();
      return { told: given.knownPosition(), isComplete: async () => true };
    };
    open({ listen, ...changed }, { near });
    await cache.getOrSet("pizza", menu, () => "Margherita");
    await cache.warm(["pizza"]);
    skippedMs = 70_000;
    const gate = createGate();
    // Near it is fresh still, by this process's own clock.
    const loading = cache.lookup("pizza", { ...menu, near: false }, async () => {
      await gate.pass();
      throw gone;
    });
    return { gate, loading };
  }

  test.each<[string, NonNullable<CacheOptions["near"]>]>([
    ["what is near serves", {}],
    ["the error is thrown as it was, for want of anything near", false],
  ])("%s", async (_, near) => {
    const { gate, loading } = await failing(near);
    await gate.arrived;
    readFailure = new StoreError("ERR no such command");
    gate.open();
    if (near) expect(await loading).toMatchObject({ value: "Margherita", status: "stale" });
    else await expect(loading).rejects.toBe(gone);
  });

  test("it is not asked in an outage: what is near serves", async () => {
    const away = () => Promise.reject(new StoreUnavailableError("gone"));
    const { gate, loading } = await failing({}, { ping: away });
    await gate.arrived;
    readFailure = new StoreUnavailableError("gone");
    await cache.get("salad");
    expect(cache.stats()).toMatchObject({ outages: 1 });
    const before = reads;
    gate.open();
    expect(await loading).toMatchObject({ value: "Margherita", status: "stale" });
    expect(reads).toBe(before);
  });
});
