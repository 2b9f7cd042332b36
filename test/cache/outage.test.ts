import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { NodeUnavailableError, StoreUnavailableError } from "../../src/cache/errors.js";
import type { Cache, LoadContext } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { Store } from "../../src/cache/store.js";
import { createGate } from "../support/gate.js";
import { createOrigin } from "../support/origin.js";

const minute = { ttlSeconds: 60, tags: ["menu"] };
const noEarlyRefresh = resolveSettings({ earlyRefresh: 0 });
const memory = () => createMemoryStore({ maxEntries: 1000, maxBytes: 1_000_000 });

let cache: Cache;
afterEach(() => cache.close());

test("nothing is answered from before a clear() while that is delivered late", async () => {
  const given = memory();
  const gate = createGate();
  let isLost = true;
  let nodeBack: (node: string) => Promise<void> | void = () => {};
  const node = "127.0.0.1:7001";
  const store: Store = {
    ...given,
    lostNodes: () => (isLost ? [node] : []),
    onNode: (_lost, back) => {
      nodeBack = back;
    },
    async clear() {
      if (isLost) throw new NodeUnavailableError(node);
      await gate.pass();
      await given.clear();
    },
  };
  cache = createCacheOver(store, noEarlyRefresh);
  let current = "old";
  const origin = createOrigin(() => current);
  await cache.getOrSet("menu", minute, origin.load);
  await cache.clear();
  current = "new";
  expect(cache.stats().outages).toBe(0);

  isLost = false;
  nodeBack(node);
  await gate.arrived;
  expect(await cache.getOrSet("menu", minute, origin.load)).toBe("new");
  gate.open();
  await expect.poll(async () => (await given.read("menu", [])).entry).toBeUndefined();
});

test.each(Array.from({ length: 20 }, (_, moment) => moment))(
  "an eviction that comes in the midst of a recovery is delivered, %i promise jobs after it began",
  async (moment) => {
    const given = memory();
    const evicted = createGate();
    let isAway = true;
    const store: Store = {
      ...given,
      async read(...asked) {
        if (isAway) throw new StoreUnavailableError("Redis must be in reach, but is not.");
        return given.read(...asked);
      },
      async ping() {
        isAway = false;
        after(moment, () => cache.evictTags(["menu"]));
      },
      async evict(tags) {
        evicted.pass();
        return given.evict(tags);
      },
    };
    cache = createCacheOver(store, noEarlyRefresh);
    await cache.getOrSet("menu", minute, () => "value");
    await evicted.arrived;
  },
);

describe("an eviction that waits for a lost node, with the store in reach", () => {
  const node = "127.0.0.1:7001";

  beforeEach(() => {
    const evict = () => Promise.reject(new NodeUnavailableError(node));
    cache = createCacheOver({ ...memory(), lostNodes: () => [node], evict }, noEarlyRefresh);
  });
  afterEach(() => {
    expect(cache.stats().outages).toBe(0);
  });

  test("binds this process also where only the entry tells of its tag", async () => {
    const plain = { ttlSeconds: 60 };
    await cache.getOrSet(
      "menu",
      plain,
      tagged(async () => "old"),
    );
    expect(await cache.evictTags(["of the result"])).toMatchObject({ delivered: false });
    const found = await cache.lookup("menu", plain, () => "new");
    expect(found).toMatchObject({ value: "new", status: "outage" });
  });

  test("lets nobody join a fill that began before it", async () => {
    const gate = createGate();
    const begun = cache.getOrSet("menu", minute, createOrigin("old", gate).load);
    await gate.arrived;
    expect(await cache.evictTags(["menu"])).toMatchObject({ delivered: false });
    const found = await cache.lookup("menu", minute, () => "new");
    expect(found).toMatchObject({ value: "new", status: "outage" });
    gate.open();
    expect(await begun).toBe("old");
  });
});

/** A cache whose store is out of reach for good. */
function openAway(): Cache {
  const gone = () =>
    Promise.reject(new StoreUnavailableError("Redis must be in reach, but is not."));
  cache = createCacheOver({ ...memory(), read: gone, ping: gone }, noEarlyRefresh);
  return cache;
}

/** A load that learns a tag from its result. */
function tagged(load: () => Promise<unknown>) {
  return (context: LoadContext) => {
    context.addTags("of the result");
    return load();
  };
}

test("of those who come in an outage during a load whose result adds tags, one begins the next, for all", async () => {
  openAway();
  const gate = createGate();
  const origin = createOrigin((loads: number) => ({ loads }), gate);
  const ask = () => cache.lookup("menu", minute, tagged(origin.load));
  await cache.lookup("other", minute, () => "begins the outage");
  const first = ask();
  await gate.arrived;
  const later = Array.from({ length: 30 }, ask);
  gate.open();
  expect((await first).value).toEqual({ loads: 1 });
  for (const { value, status, tags } of await Promise.all(later)) {
    expect({ value, status }).toEqual({ value: { loads: 2 }, status: "outage" });
    expect(tags).toEqual(["menu", "of the result"]);
  }
  expect(origin.loads).toBe(2);
});

test.each<[string, () => Promise<unknown>]>([
  ["its tag was evicted", () => cache.evictTags(["menu"])],
  ["it was deleted", () => cache.delete("menu")],
  ["everything was cleared", () => cache.clear()],
])("nobody shares a load of an outage that began before %s", async (_, evict) => {
  openAway();
  const gate = createGate();
  await cache.lookup("other", minute, () => "begins the outage");
  const begun = cache.getOrSet("menu", minute, createOrigin("old", gate).load);
  await gate.arrived;
  await evict();
  expect(await cache.getOrSet("menu", minute, () => "new")).toBe("new");
  gate.open();
  expect(await begun).toBe("old");
});

test("nobody shares a load of an outage that is filed under fewer tags: their evictions pass it by", async () => {
  openAway();
  const gate = createGate();
  await cache.lookup("other", minute, () => "begins the outage");
  const begun = cache.getOrSet("menu", { ttlSeconds: 60 }, createOrigin("old", gate).load);
  await gate.arrived;
  await cache.evictTags(["menu"]);
  expect(await cache.getOrSet("menu", minute, () => "new")).toBe("new");
  gate.open();
  expect(await begun).toBe("old");
});

test("a load of an outage that saw something old is its caller's alone, who is told how old it is", async () => {
  openAway();
  const gate = createGate();
  await cache.lookup("other", minute, () => "begins the outage");
  const before = await cache.position();
  const begun = cache.lookup("menu", minute, async ({ setSince }) => {
    setSince(before);
    await gate.pass();
    return "from before";
  });
  await gate.arrived;
  const joined = cache.getOrSet("menu", minute, () => "now");
  gate.open();
  expect(await begun).toMatchObject({ value: "from before", since: before });
  expect(await joined).toBe("now");
});

test("operations of an outage share such a load, but for those that asked after an eviction", async () => {
  openAway();
  const gate = createGate();
  const origin = createOrigin((loads: number) => loads, gate);
  await cache.lookup("other", minute, () => "begins the outage");
  const operation = async (begun = cache.position()) => {
    const since = await begun;
    return cache.getOrSet("menu", { ...minute, since, loadGroup: {} }, tagged(origin.load));
  };
  const before = [operation(), operation(), operation()];
  const asksLater = await cache.position();
  await gate.arrived;
  await cache.evictTags(["of the result"]);
  const after = [operation(asksLater), operation(), operation()];
  gate.open();
  expect(await Promise.all(before)).toEqual([1, 1, 1]);
  for (const loaded of await Promise.all(after)) expect(loaded).toBeGreaterThan(1);
});

async function after(jobs: number, run: () => unknown): Promise<void> {
  for (let job = 0; job < jobs; job += 1) await undefined;
  run();
}
