import { afterEach, expect, test } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { StoreUnavailableError } from "../../src/cache/errors.js";
import type { Cache } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { Store } from "../../src/cache/store.js";
import { createOrigin } from "../support/origin.js";

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
