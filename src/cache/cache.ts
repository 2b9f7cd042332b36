import { fromNear, nearLookup } from "./answers.js";
import { createBareLoads } from "./bare-load.js";
import type { CacheOptions } from "./cache-options.js";
import type { Call } from "./call.js";
import { checkKey, checkTags } from "./check-values.js";
import { createDeliveries } from "./deliveries.js";
import { CacheClosedError, StoreUnavailableError } from "./errors.js";
import { createEvictions } from "./evictions.js";
import { Flights } from "./flights.js";
import { readHealth } from "./health.js";
import { createLoadRunner } from "./load.js";
import { createLoadLimit } from "./load-limit.js";
import { withLock } from "./lock.js";
import { createLookups } from "./lookup.js";
import { getOrSetMany } from "./lookup-many.js";
import { createMoment } from "./moment.js";
import type { NearEntry } from "./near-entry.js";
import { openNear } from "./open-near.js";
import { codecFor, openStore } from "./open-store.js";
import { createOutage } from "./outage.js";
import { createReads } from "./reads.js";
import { createReporter } from "./reporter.js";
import { createSetter } from "./set.js";
import {
  resolveEntryOptions,
  resolveLockOptions,
  resolveSettings,
  type Settings,
} from "./settings.js";
import { createStaleIfError } from "./stale-if-error.js";
import type { Store } from "./store.js";
import type { Cache, EntryOptions, Load, Lookup, NearLookup } from "./types.js";
import { createUndelivered } from "./undelivered.js";
import { rememberReleases } from "./unreleased.js";
import { createWaitingRooms } from "./waiting-rooms.js";
import { createOpenQueues } from "./write-behind/queues.js";
import { createWriteThrough } from "./write-through.js";

const PROMOTED =
  "The server must have every eviction before it is trusted, but was promoted, or restarted, and may lack the last.";

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
  const unreleased = rememberReleases(given, settings.leaseMs, () => outage.isOn);
  const { store } = unreleased;
  const reporter = createReporter();
  if (settings.onEvent) reporter.listen(settings.onEvent);
  const codec = codecFor(store, settings);
  const limit = createLoadLimit(settings.maxConcurrentLoads, settings.loadTimeoutMs);
  const loads = createLoadRunner(limit, settings.loadTimeoutMs);
  const undelivered = createUndelivered();
  const { near, stream, watchNear } = openNear(store, codec, settings);
  const rooms = createWaitingRooms(store, settings.commandTimeoutMs);
  const evictions = createEvictions(store);
  const outage = createOutage({
    store,
    evictions,
    undelivered,
    unreleased,
    reporter,
    breakerOpenMs: settings.breakerOpenMs,
    onBegin(error) {
      outageLoads.evicted.addEverything();
      rooms.leaveAll(error);
    },
  });
  const steps = { settings, store, codec, loads, reporter, outage };
  const fillParts = { ...steps, ...(watchNear && { watchNear }) };
  const flights = new Flights();
  const bareLoads = createBareLoads(fillParts);
  const outageLoads = createBareLoads(fillParts);
  const reads = createReads({ ...fillParts, near });
  const lookups = createLookups({
    ...fillParts,
    read: reads.read,
    rooms,
    flights,
    bareLoads,
    outageLoads,
  });
  const find = createStaleIfError({ ...fillParts, near }, lookups.find);
  const setValue = createSetter(fillParts);
  const writes = createLoadRunner(limit, settings.loadTimeoutMs, "write");
  const deliveries = createDeliveries({
    evictions,
    undelivered,
    outage,
    reporter,
    near,
    outageLoads: outageLoads.evicted,
  });
  const { evict, delete: deleteKey } = deliveries;
  const writeParts = { ...fillParts, near, evict, delete: deleteKey };
  const writeThrough = createWriteThrough({ ...writeParts, writes });
  const queues = createOpenQueues({
    ...writeParts,
    // Its own, since a batch under way is not ended with the cache: the cache waits for it.
    writes: createLoadRunner(limit, settings.loadTimeoutMs, "write"),
    open: (key, entryOptions, value) => open(key, entryOptions, () => value),
  });
  const momentMs = createMoment();
  let isClosed = false;

  store.onPromotion?.((lostAtMs) => {
    evictions.passOn(lostAtMs, undelivered);
    if (undelivered.size > 0) outage.begin(new StoreUnavailableError(PROMOTED));
  });

  function open<T>(key: string, entryOptions: EntryOptions, load: Load<T>): Call {
    checkOpen();
    checkKey(key);
    return { key, entry: resolveEntryOptions(entryOptions), load };
  }

  function checkOpen(): void {
    if (isClosed) throw new CacheClosedError("The cache must be open, but it was closed.");
  }

  /** Not async: a near hit would pay for a frame that never waits, and a crowd of waiters for one more each. */
  function getOrSet<T>(key: string, entryOptions: EntryOptions, load: Load<T>): Promise<T> {
    try {
      const hit = takeNear(key, entryOptions, load);
      if (hit) return Promise.resolve(hit.value as T);
      return find(open(key, entryOptions, load)).then(valueIn<T>);
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
    if (hit?.isDue) lookups.refreshEarly(open(key, entryOptions, load));
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
          : find(open(key, entryOptions, load));
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
      lookups.refreshEarly(open(key, entryOptions, load));
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
        return await setValue(call, value);
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
        return await writeThrough.run(call, value, write);
      } finally {
        near?.delete(key);
      }
    },

    writeBehind(name, behindOptions) {
      checkOpen();
      return queues.open(name, behindOptions);
    },

    async lock(name, lockOptions, run) {
      checkOpen();
      checkKey(name, "A lock's name");
      const lock = { name, settings: resolveLockOptions(lockOptions, settings) };
      if (outage.isOn) throw outage.error({ key: name });
      return withLock({ store, outage, rooms }, lock, run);
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
      return outage.isOn ? 0 : store.estimateEntries();
    },

    async health() {
      if (!outage.isOn && !isClosed) {
        await store.ping().catch((error) => outage.notice(error));
      }
      return readHealth({ store, outage, undelivered, evictions, stream, queues, isClosed });
    },

    async close() {
      if (isClosed) return;
      isClosed = true;
      unreleased.close();
      stream?.close();
      loads.close();
      await Promise.all([writeThrough.close(), queues.close()]);
      outage.close();
      evictions.close();
      await store.close();
    },
  };
}

function valueIn<T>(answer: Lookup<unknown>): T {
  return answer.value as T;
}
