import { fromNear } from "./answers.js";
import { createBareLoads } from "./bare-load.js";
import type { Call } from "./call.js";
import { type Codec, createCodec } from "./codec.js";
import { compressed } from "./compression.js";
import { CacheClosedError, StoreUnavailableError } from "./errors.js";
import { type CarriedOut, createEvictions } from "./evictions.js";
import { Flights } from "./flights.js";
import { readHealth } from "./health.js";
import { createLoadRunner } from "./load.js";
import { createLoadLimit } from "./load-limit.js";
import { withLock } from "./lock.js";
import { createLookups } from "./lookup.js";
import { getOrSetMany } from "./lookup-many.js";
import { createMemoryStore } from "./memory-store.js";
import { createNearCache, type NearCache, type NearHit } from "./near-cache.js";
import { createNearSight } from "./near-sight.js";
import { openNearStream } from "./near-stream.js";
import { createOutage } from "./outage.js";
import { createReads } from "./reads.js";
import { createRedisStore } from "./redis/redis-store.js";
import { createReporter } from "./reporter.js";
import { createSetter } from "./set.js";
import {
  checkKey,
  checkTags,
  resolveEntryOptions,
  resolveLockOptions,
  resolveSettings,
  type Settings,
} from "./settings.js";
import { createStaleIfError } from "./stale-if-error.js";
import type { Store } from "./store.js";
import type { Cache, CacheOptions, EntryOptions, Load, Lookup } from "./types.js";
import { createUndelivered, type EvictionList } from "./undelivered.js";
import { rememberReleases } from "./unreleased.js";
import { createWaitingRooms } from "./waiting-rooms.js";
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
  const near =
    settings.near && store.listen
      ? createNearCache(settings.near, codec, store.now, settings.earlyRefresh)
      : undefined;
  const stream = near && openNearStream(store, near, settings.near?.maxAgeMs as number);
  const watchNear = near && stream && createNearSight(near, stream);
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
  const writeThrough = createWriteThrough({
    ...fillParts,
    writes,
    evict,
    delete: deleteKey,
  });
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

  /**
   * Does it at once where the store is in reach; else remembers it, binding this process from now on. `forget` takes it
   * from the near cache, before and after: what was read in between may be from before.
   */
  async function deliver<T>(
    now: () => Promise<T>,
    note: (list: EvictionList) => void,
    forget: (near: NearCache) => void,
  ): Promise<T | undefined> {
    if (near) forget(near);
    if (!outage.isOn) {
      try {
        const done = await now();
        if (near) forget(near);
        // Where a node of a cluster is lost, loads are shared as in an outage.
        note(outageLoads.evicted);
        return done;
      } catch (error) {
        // Whether it was carried out, nobody knows: it is delivered again before anything is read.
        note(undelivered);
        outage.begin(asUnavailable(error));
        note(outage.evicted);
        note(outageLoads.evicted);
        return undefined;
      }
    }
    note(undelivered);
    note(outage.evicted);
    note(outageLoads.evicted);
    return undefined;
  }

  async function evict(tags: readonly string[]): Promise<CarriedOut | undefined> {
    if (tags.length === 0) return NOTHING_EVICTED;
    const done = await deliver(
      () => evictions.evict(tags),
      (list) => list.addTags(tags),
      (near) => near.evict(tags),
    );
    const { replicated: delivered, entries } = done ?? NOT_DELIVERED;
    reporter.report({ type: "evict", tags, delivered, entries });
    return done;
  }

  async function deleteKey(key: string): Promise<CarriedOut | undefined> {
    reporter.report({ type: "delete", key });
    return deliver(
      () => evictions.delete(key),
      (list) => list.addKey(key),
      (near) => near.delete(key),
    );
  }

  async function getOrSet<T>(key: string, entryOptions: EntryOptions, load: Load<T>): Promise<T> {
    const hit = near && findNear(near, key, entryOptions, load);
    return (hit ?? (await find(open(key, entryOptions, load)))).value as T;
  }

  function findNear<T>(
    near: NearCache,
    key: string,
    entryOptions: EntryOptions,
    load: Load<T>,
  ): NearHit | undefined {
    const hit = entryOptions.near === false ? undefined : near.find(key, entryOptions.tags);
    if (!hit) return undefined;
    reporter.nearHit(key, entryOptions.coordinate, hit);
    if (near.wantsRefresh(hit)) lookups.refreshEarly(open(key, entryOptions, load));
    return hit;
  }

  return {
    getOrSet,
    getOrSetMany: (keys, entryOptions, loadMany) =>
      getOrSetMany(getOrSet, keys, entryOptions, loadMany),

    async lookup<T>(key: string, entryOptions: EntryOptions, load: Load<T>) {
      const hit = near && findNear(near, key, entryOptions, load);
      return (hit ? fromNear(hit, "hit") : await find(open(key, entryOptions, load))) as Lookup<T>;
    },

    lookupNear<T>(key: string, entryOptions: EntryOptions, load: Load<T>) {
      const hit = near && findNear(near, key, entryOptions, load);
      return hit && (fromNear(hit, "hit") as Lookup<T>);
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
      const { replicated } = (await deleteKey(key)) ?? NOT_DELIVERED;
      return replicated;
    },

    async evictTags(tags) {
      checkOpen();
      const { replicated, entries } = (await evict(checkTags(tags))) ?? NOT_DELIVERED;
      return { delivered: replicated, entries };
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

    async lock(name, lockOptions, run) {
      checkOpen();
      checkKey(name, "A lock's name");
      const lock = { name, settings: resolveLockOptions(lockOptions, settings) };
      if (outage.isOn) throw outage.error({ key: name });
      return withLock({ store, outage, rooms }, lock, run);
    },

    async clear() {
      checkOpen();
      await deliver(
        () => evictions.clear(),
        (list) => list.addEverything(),
        (near) => near.clear(),
      );
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
      return readHealth({ store, outage, undelivered, evictions, stream });
    },

    async close() {
      if (isClosed) return;
      isClosed = true;
      outage.close();
      unreleased.close();
      stream?.close();
      loads.close();
      await writeThrough.close();
      evictions.close();
      await store.close();
    },
  };
}

const NOT_DELIVERED: CarriedOut = { entries: 0, replicated: false };
const NOTHING_EVICTED: CarriedOut = { entries: 0, replicated: true };

/** In process there is nothing to gain from compressing. */
function codecFor(store: Store, { serializer, compressAboveBytes }: Settings): Codec {
  const codec = createCodec(serializer);
  return store.kind === "memory" ? codec : compressed(codec, compressAboveBytes);
}

function openStore(settings: Settings): Store {
  return settings.redis
    ? createRedisStore({
        redis: settings.redis,
        prefix: settings.prefix,
        leaseMs: settings.leaseMs,
        commandTimeoutMs: settings.commandTimeoutMs,
        waitReplicas: settings.waitReplicas,
        breakerOpenMs: settings.breakerOpenMs,
      })
    : createMemoryStore({ maxEntries: settings.maxEntries, maxBytes: settings.maxBytes });
}

function asUnavailable(cause: unknown): StoreUnavailableError {
  return cause instanceof StoreUnavailableError
    ? cause
    : new StoreUnavailableError("An eviction must be delivered, but the store refused it.", {
        cause,
      });
}
