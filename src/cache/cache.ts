import { fromNear, nearLookup } from "./answers.js";
import type { CacheOptions } from "./cache-options.js";
import { checkKey, checkTags } from "./check-values.js";
import { createEngine } from "./engine.js";
import { readHealth } from "./health.js";
import { withLock } from "./lock.js";
import { getOrSetMany } from "./lookup-many.js";
import { createMoment } from "./moment.js";
import type { NearEntry } from "./near-entry.js";
import { openStore } from "./open-store.js";
import { resolveLockOptions, resolveSettings, type Settings } from "./settings.js";
import type { Store } from "./store.js";
import type { Cache, EntryOptions, Load, Lookup, NearLookup } from "./types.js";

/**
 * A cache over the given ioredis client, or in this process without one.
 *
 * @throws InvalidOptionError for an option that cannot be used, UnsupportedStoreError for a client that cannot keep
 *   the cache's promises (one that reads from replicas).
 */
export function createCache(options: CacheOptions = {}): Cache {
  const settings = resolveSettings(options);
  return createCacheOver(openStore(settings), settings);
}

/** The cache over any store: the seam for tests that break one on purpose. */
export function createCacheOver(given: Store, settings: Settings): Cache {
  const engine = createEngine(given, settings);
  const { store, reporter, outage, deliveries, near, stream, reads, find, open, checkOpen } =
    engine;
  const momentMs = createMoment();

  /** Not async: a near hit would pay for a frame that never waits, and a crowd of waiters for one more each. */
  function getOrSet<T>(key: string, entryOptions: EntryOptions, load: Load<T>): Promise<T> {
    try {
      const hit = takeNear(key, entryOptions, load);
      if (hit) return Promise.resolve(hit.value as T);
      return find(open(key, entryOptions, load), valueIn<T>);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  function findNear(
    key: string,
    entryOptions: Partial<EntryOptions>,
    nowMs?: () => number,
  ): NearEntry | undefined {
    if (!near || entryOptions.near === false) return undefined;
    const hit = near.find(key, entryOptions.tags, nowMs?.());
    if (hit) reporter.nearHit(key, entryOptions.coordinate, hit);
    return hit;
  }

  function takeNear<T>(key: string, entryOptions: EntryOptions, load: Load<T>) {
    const hit = findNear(key, entryOptions);
    if (hit?.isDue) engine.refreshEarly(open(key, entryOptions, load));
    return hit;
  }

  return {
    getOrSet,
    getOrSetMany: (keys, entryOptions, loadMany) =>
      getOrSetMany(getOrSet, keys, entryOptions, loadMany),

    // Not an async function: its promise would be one more for each field of a list.
    lookup<T>(key: string, entryOptions: EntryOptions, load: Load<T>) {
      try {
        const hit = takeNear(key, entryOptions, load);
        const found = hit
          ? Promise.resolve(fromNear(hit, "hit"))
          : find(open(key, entryOptions, load), whole);
        return found as Promise<Lookup<T>>;
      } catch (error) {
        return Promise.reject(error);
      }
    },

    lookupNear<T>(key: string, nearOptions: Partial<EntryOptions> = {}) {
      const hit = findNear(key, nearOptions, momentMs);
      return hit && (nearLookup(hit) as NearLookup<T>);
    },

    refresh(key, entryOptions, load) {
      engine.refreshEarly(open(key, entryOptions, load));
    },

    async warm(keys) {
      checkOpen();
      for (const key of keys) checkKey(key);
      await reads.warm(keys);
    },

    async get<T>(key: string) {
      checkOpen();
      checkKey(key);
      return (await reads.peek(key)) as T | undefined;
    },

    async set<T>(key: string, entryOptions: EntryOptions, value: T) {
      const call = open(key, entryOptions, () => value);
      near?.delete(key);
      if (outage.isOn) return false;
      try {
        return await engine.setValue(call, value);
      } catch (error) {
        outage.notice(error);
        return false;
      } finally {
        near?.delete(key);
      }
    },

    async delete(key) {
      checkOpen();
      checkKey(key);
      return (await deliveries.delete(key))?.replicated ?? false;
    },

    async evictTags(tags) {
      checkOpen();
      const done = await deliveries.evict(checkTags(tags));
      return { delivered: done?.replicated ?? false, entries: done?.entries ?? 0 };
    },

    async writeThrough(key, entryOptions, value, write) {
      const call = open(key, entryOptions, () => value);
      near?.delete(key);
      try {
        return await engine.writeThrough.run(call, value, write);
      } finally {
        near?.delete(key);
      }
    },

    writeBehind(name, behindOptions) {
      checkOpen();
      return engine.queues.open(name, behindOptions);
    },

    async lock(name, lockOptions, run) {
      checkOpen();
      checkKey(name, "A lock's name");
      const lock = { name, settings: resolveLockOptions(lockOptions, settings) };
      if (outage.isOn) throw outage.error({ key: name });
      return withLock(engine, lock, run);
    },

    async clear() {
      checkOpen();
      await deliveries.clear();
    },

    position() {
      if (outage.isOn) return outage.position();
      // What an operation gets from the near cache is as old as the pushes are.
      const known = stream?.told ?? store.knownPosition();
      if (known) return outage.aged(known);
      return store.readPosition().then(outage.aged, (error) => {
        outage.notice(error);
        return outage.position();
      });
    },

    stats: () => reporter.stats(),
    onEvent: (listener) => reporter.listen(listener),

    async estimateEntries() {
      checkOpen();
      if (outage.isOn) return 0;
      return store.estimateEntries().catch((error) => {
        outage.notice(error);
        return 0;
      });
    },

    async health() {
      if (!outage.isOn && !engine.isClosed) {
        await store.ping().catch((error) => outage.notice(error));
      }
      return readHealth(engine);
    },

    close: engine.close,
  };
}

function whole(answer: Lookup<unknown>): Lookup<unknown> {
  return answer;
}

function valueIn<T>(answer: Lookup<unknown>): T {
  return answer.value as T;
}
