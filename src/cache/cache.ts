import { fromNear } from "./answers.js";
import { createBareLoads } from "./bare-load.js";
import type { Call } from "./call.js";
import { type Codec, createCodec } from "./codec.js";
import { compressed } from "./compression.js";
import { CacheClosedError, StoreUnavailableError } from "./errors.js";
import { type CarriedOut, createEvictions } from "./evictions.js";
import { Flights } from "./flights.js";
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
import { createUndelivered } from "./undelivered.js";
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
export function createCacheOver(store: Store, settings: Settings): Cache {
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
  const fillParts = { settings, store, codec, loads, reporter, ...(watchNear && { watchNear }) };
  const rooms = createWaitingRooms(store);
  const flights = new Flights();
  const bareLoads = createBareLoads(fillParts);
  const outageLoads = createBareLoads(fillParts);
  const evictions = createEvictions(store);
  const outage = createOutage(store, evictions, undelivered, reporter, () => outageLoads.close());
  const reads = createReads({ ...fillParts, outage, near });
  const lookups = createLookups({
    ...fillParts,
    read: reads.read,
    outage,
    rooms,
    flights,
    bareLoads,
    outageLoads,
  });
  const find = createStaleIfError({ ...fillParts, outage, near }, lookups.find);
  const setValue = createSetter(fillParts);
  const writes = createLoadRunner(limit, settings.loadTimeoutMs, "write");
  const writeThrough = createWriteThrough({
    ...fillParts,
    outage,
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
    later: () => void,
    forget: (near: NearCache) => void,
  ): Promise<T | undefined> {
    if (near) forget(near);
    if (!outage.isOn) {
      try {
        const done = await now();
        if (near) forget(near);
        return done;
      } catch (error) {
        // Whether it was carried out, nobody knows: it is delivered again before anything is read.
        later();
        outage.advance();
        outage.begin(asUnavailable(error));
        return undefined;
      }
    }
    later();
    outage.advance();
    outageLoads.close();
    return undefined;
  }

  async function evict(tags: readonly string[]): Promise<CarriedOut | undefined> {
    if (tags.length === 0) return NOTHING_EVICTED;
    const done = await deliver(
      () => evictions.evict(tags),
      () => undelivered.addTags(tags),
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
      () => undelivered.addKey(key),
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

    // Not an async function: its promise would be one more for each field of a list.
    lookup<T>(key: string, entryOptions: EntryOptions, load: Load<T>) {
      try {
        const hit = near && findNear(near, key, entryOptions, load);
        const found = hit
          ? Promise.resolve(fromNear(hit, "hit"))
          : find(open(key, entryOptions, load));
        return found as Promise<Lookup<T>>;
      } catch (error) {
        return Promise.reject(error);
      }
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
        () => undelivered.addEverything(),
        (near) => near.clear(),
      );
    },

    position() {
      if (outage.isOn) return outage.position();
      // What an operation gets from the near cache is as old as the pushes are.
      return (
        stream?.told ??
        store.knownPosition() ??
        store.readPosition().catch((error) => {
          outage.notice(error);
          return outage.position();
        })
      );
    },

    stats: () => reporter.stats(),
    onEvent: (listener) => reporter.listen(listener),

    async estimateEntries() {
      checkOpen();
      return outage.isOn ? 0 : store.estimateEntries();
    },

    async health() {
      const problems = [...store.problems()];
      if (stream && !stream.isOpen)
        problems.push("The near cache takes no entries: pushes are missing.");
      if (!outage.isOn && !isClosed) {
        await store.ping().catch((error) => outage.notice(error));
      }
      if (outage.isOn)
        problems.push("The store is out of reach: callers are answered from the origin.");
      if (undelivered.size > 0) problems.push(`${undelivered.size} evictions wait for the store.`);
      if (evictions.unreplicated > 0) {
        problems.push(`${evictions.unreplicated} evictions wait for replicas.`);
      }
      return {
        status: problems.length === 0 ? "ok" : "degraded",
        store: store.kind,
        problems,
        notes: store.notes(),
        undeliveredEvictions: undelivered.size + evictions.unreplicated,
      };
    },

    async close() {
      if (isClosed) return;
      isClosed = true;
      outage.close();
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
