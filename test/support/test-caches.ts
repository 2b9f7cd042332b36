import {
  type Cache,
  type CacheEvent,
  type CacheOptions,
  createCache,
} from "../../src/cache/index.js";

export interface TestCaches {
  /** What all of them told since the last `close`. */
  readonly events: CacheEvent[];
  /** One more, with connections of its own, as that of another process. */
  open(options?: CacheOptions): Cache;
  /** Those that are open; what all told until then. */
  close(): Promise<CacheEvent[]>;
}

/** Caches in which nothing happens by chance. */
export function testCaches(defaults: () => CacheOptions): TestCaches {
  const events: CacheEvent[] = [];
  const opened: Cache[] = [];
  return {
    events,
    open(options = {}) {
      const cache = createCache({
        // Long enough for a machine that is busy with other tests.
        commandTimeoutMs: 1000,
        earlyRefresh: 0,
        ttlJitter: 0,
        onEvent: (event) => events.push(event),
        ...defaults(),
        ...options,
      });
      opened.push(cache);
      return cache;
    },
    async close() {
      await Promise.all(opened.splice(0).map((cache) => cache.close()));
      return events.splice(0);
    },
  };
}
