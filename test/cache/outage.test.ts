import { afterEach, expect, test } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { NodeUnavailableError, StoreUnavailableError } from "../../src/cache/errors.js";
import type { Cache } from "../../src/cache/index.js";
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
  await expect.poll(() => given.read("menu", [])).not.toHaveProperty("entry");
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

async function after(jobs: number, run: () => unknown): Promise<void> {
  for (let job = 0; job < jobs; job += 1) await undefined;
  run();
}
