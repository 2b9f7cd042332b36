import type { CacheListener } from "./events.js";
import type { Position } from "./position.js";
import type { RedisClient } from "./redis/client.js";
import type { WriteBehind, WriteBehindOptions } from "./write-behind/types.js";

/** Seconds may be fractions; all of them must be finite. */
export interface EntryOptions {
  /** Seconds the result stays fresh. Must be greater than 0. */
  ttlSeconds: number;
  /** Tags the entry is filed under, known before the load. Default: none. */
  tags?: readonly string[];
  /** Seconds past ttl in which a stale result may be served at once while one process refreshes it. Default 0. */
  staleWhileRevalidateSeconds?: number;
  /** Seconds past ttl in which a stale result is served if the load throws. Default 0. */
  staleIfErrorSeconds?: number;
  /** Seconds a null or undefined result is kept; 0 keeps none. Default: `ttlSeconds`. */
  nullTtlSeconds?: number;
  /**
   * The log's head from when the operation began that this load belongs to, as `cache.position()` gave it.
   * A result that may have seen anything older than an eviction after it is returned but not stored.
   * Default: the load itself is taken to see nothing older than its own start.
   * null says that the operation's age is unknown: nothing it loads is stored.
   */
  since?: Position | null;
  /** Whether the result may be kept near, in this process. Default true, where the cache has a near cache. */
  near?: boolean;
  /** Runs background refreshes, whose caller is gone by then. Default: the load of the call that triggers it. */
  refresh?: Load<unknown>;
  /**
   * Loads of one group count as one against `maxConcurrentLoads`, and are let in together: a GraphQL operation's
   * loads meet in one DataLoader batch, which a bound on single loads would tear apart. Default: a group of its own.
   */
  loadGroup?: object;
  /** The schema coordinate, for events and errors. */
  coordinate?: string;
}

/** Given to every load. */
export interface LoadContext {
  /** Aborted after `loadTimeoutSeconds`, and when the cache closes. */
  readonly signal: AbortSignal;
  /** Files the entry under tags known only from the result. */
  addTags(...tags: string[]): void;
  /** Replaces the entry's ttl, from the result. 0 stores nothing. */
  setTtlSeconds(ttlSeconds: number): void;
  /**
   * Makes the load as old as that: it has seen something older than its `since`, as a value that `lookup` gave with this
   * age. null: of an unknown age, so that nothing is stored.
   */
  setSince(position: Position | null): void;
}

export type Load<T> = (context: LoadContext) => T | Promise<T>;

/**
 * Loads several keys at once: one result for each, in their order. An Error in a key's place is that key's failure,
 * and is neither cached nor anybody else's.
 */
export type LoadMany<T> = (
  keys: readonly string[],
  context: LoadManyContext,
) => ReadonlyArray<T | Error> | Promise<ReadonlyArray<T | Error>>;

export interface LoadManyContext {
  /** Aborted when one of the keys is given up. */
  readonly signal: AbortSignal;
  /** The context of one key, to add tags and change the ttl from its result. */
  of(key: string): LoadContext;
}

/** Given to every write. */
export interface WriteContext {
  /** Aborted after `loadTimeoutSeconds`, and when the cache closes. */
  readonly signal: AbortSignal;
}

/** Writes to the origin. What it gives is not looked at. */
export type Write = (context: WriteContext) => unknown;

export interface LockOptions {
  /** How long the lock outlives a holder that died; it is renewed while the work runs. Default: the cache's. */
  leaseSeconds?: number;
  /** How long to wait for another holder; 0 tries once. Default: the cache's. */
  waitSeconds?: number;
}

/** Given to what runs under a lock. */
export interface LockContext {
  /**
   * Greater than that of every holder before. Hand it to what the lock protects, and let that refuse lower ones: no
   * lock can stop a holder that was paused, and wakes up after the lock has gone to another.
   */
  readonly fencingToken: number;
  /** Aborted with a LockLostError once the lock is, or may be, another's. */
  readonly signal: AbortSignal;
}

/** How a lookup was answered. */
export type LookupStatus =
  /** From a fresh entry. */
  | "hit"
  /** From an entry past its ttl, inside a stale window. */
  | "stale"
  /** By this caller's own load. */
  | "miss"
  /** By a load that another caller, here or in another process, had under way. */
  | "waited"
  /** By a load, because this result is not to be stored (pass marker, operation too old, wait too long). */
  | "bypassed"
  /** By a load, because the store is out of reach. */
  | "outage";

export interface Lookup<T> {
  readonly value: T;
  readonly status: LookupStatus;
  /** Seconds since the entry was committed; 0 for a value just loaded. */
  readonly ageSeconds: number;
  /** Seconds for which it is still fresh; 0 when it was not stored. */
  readonly remainingSeconds: number;
  /** Every tag of the entry, those known only from the result included. */
  readonly tags: readonly string[];
  /**
   * How far the eviction log was when the oldest thing was loaded that the value may hold; null where that is unknown.
   * What is loaded from the value is to be given it as its `since`, or that of its operation if that is older.
   */
  readonly since: Position | null;
}

export interface NearLookup<T> extends Lookup<T> {
  /** True where this caller was chosen to refresh the entry, before its ttl is over: `cache.refresh` does. */
  readonly isDue: boolean;
}

export interface Eviction {
  /**
   * False when the store was out of reach: the eviction binds this process at once, the others from its delivery.
   * Also when fewer than `waitReplicas` replicas had it in time: it binds all, but a failover may undo it.
   */
  delivered: boolean;
  /** How many index members the tags had: an upper bound on the entries that went. */
  entries: number;
}

/** This process since its start. */
export interface CacheStats {
  hits: number;
  nearHits: number;
  staleHits: number;
  misses: number;
  /** Entries committed by this process. */
  fills: number;
  /** Callers that waited for another's fill. */
  waits: number;
  /** Loads run by this process, stored or not. */
  loads: number;
  /** Tags evicted by this process. */
  evictions: number;
  /** Writes taken on by this process's queues (`writeBehind`). */
  puts: number;
  /** Keys that this process wrote to the origin from a queue. */
  written: number;
  /** Writes from a queue that failed, and are tried again. */
  writeFailures: number;
  /** Writes that this process gave up. */
  deadLetters: number;
  /** How often a breaker opened: the store's, or that of a node of a cluster. */
  outages: number;
  /** Failures inside the cache that no caller saw. */
  errors: number;
  /** (hits + nearHits + staleHits) / lookups, from 0 to 1; 0 before the first lookup. */
  hitRatio: number;
}

export interface BreakerHealth {
  /**
   * "closed": the store is asked. "open": it is not, and callers are answered from the near cache or the origin.
   * "half-open": as open, while a trial is under way.
   */
  state: "closed" | "open" | "half-open";
  /** Why it opened, as its error says. It may name addresses. */
  cause?: string;
  /** Nodes of a cluster whose own breakers are open, as `host:port`: what lies on them is not asked for. */
  lostNodes: string[];
}

export interface CacheHealth {
  /** "ok": all promises hold. "degraded": callers are answered, from the origin. */
  status: "ok" | "degraded";
  store: "memory" | "redis";
  /** What is degraded, each as one sentence; empty when ok. */
  problems: string[];
  /** What is worth knowing and breaks no promise, each as one sentence: a server that refuses scripts. */
  notes: string[];
  breaker: BreakerHealth;
  /**
   * Whether other processes' evictions and fills are told of. Without it waiting callers poll, and the near cache takes
   * no entries. Always true in process.
   */
  pushConnected: boolean;
  /** Evictions that wait for the store to come back, or for replicas to have them. */
  undeliveredEvictions: number;
}

export interface Cache {
  /** The entry's value, or the result of `load`, which is stored. */
  getOrSet<T>(key: string, options: EntryOptions, load: Load<T>): Promise<T>;
  /**
   * `getOrSet` for many keys: one round trip of reads, one of leases for all misses, and one `loadMany` for those that
   * this caller leads; it waits for the others. What failed stands as an Error in its key's place.
   * `options` may be made for each key.
   */
  getOrSetMany<T>(
    keys: readonly string[],
    options: EntryOptions | ((key: string) => EntryOptions),
    loadMany: LoadMany<T>,
  ): Promise<Array<T | Error>>;
  /** `getOrSet` that also says how it was answered. */
  lookup<T>(key: string, options: EntryOptions, load: Load<T>): Promise<Lookup<T>>;
  /** The entry's value if it is fresh and valid, else undefined. */
  get<T>(key: string): Promise<T | undefined>;
  /**
   * The near cache's answer to `lookup`, without a promise; undefined where it has none, so that `lookup` is to be
   * called. Counts as a near hit. Of the options `tags`, `near` and `coordinate` count, so one object can serve all calls: the
   * same frozen list of tags need not be compared again.
   */
  lookupNear<T>(key: string, options?: Partial<EntryOptions>): NearLookup<T> | undefined;
  /**
   * Refreshes an entry in the background, if there is one, its store is in reach, and no process does it already. What
   * fails is reported.
   *
   * @throws CacheClosedError, and InvalidOptionError for a key or options that cannot be used.
   */
  refresh<T>(key: string, options: EntryOptions, load: Load<T>): void;
  /** Fills the near cache ahead with what the store has of these keys; without one it does nothing. */
  warm(keys: readonly string[]): Promise<void>;
  /** Stores a value; false when it was not stored (evicted meanwhile, not cacheable, store out of reach). */
  set<T>(key: string, options: EntryOptions, value: T): Promise<boolean>;
  /**
   * Writes to the origin, evicts the entry's tags, then makes the value the entry. Nobody who reads after it resolved
   * is given what was there before: no entry of the tags, and no load that began before the write ended, here or in
   * another process. Readers who come during the write wait for it, or have the old entry, if that is still valid.
   *
   * The value is that of the whole entry, as `load` would give it. It is stored only if none of its tags was evicted by
   * anybody else since the write began, since the origin may hold a later value than this one.
   *
   * While the store is out of reach the write runs all the same; the eviction binds this process at once and is
   * delivered when the store is back. Writes count against `maxConcurrentLoads`.
   *
   * @returns false when the value was not stored (evicted or deleted meanwhile, not cacheable, store out of reach): then
   *   nothing is, and the next reader loads
   * @throws what `write` threw, or LoadTimeoutError after `loadTimeoutSeconds`. It may have committed first, so the key
   *   and its tags are evicted; after a timeout once more, when the write ends after all
   */
  writeThrough<T>(key: string, options: EntryOptions, value: T, write: Write): Promise<boolean>;
  /**
   * Opens a queue of writes: the entry now, the origin later, in batches. Open it in every process that puts, and in
   * those that are to finish what others left behind. Once a process; throws InvalidOptionError.
   */
  writeBehind<T>(name: string, options: WriteBehindOptions<T>): WriteBehind<T>;
  /** Evicts one key and voids its lease; false when the store was out of reach (it binds this process at once). */
  delete(key: string): Promise<boolean>;
  /** Makes every entry of the tags invalid, and frees it in the background. */
  evictTags(tags: readonly string[]): Promise<Eviction>;
  /**
   * Runs `run` while holding the lock `name`, which one caller of all processes has at a time.
   *
   * Rejects with LockTimeoutError, with StoreUnavailableError, or with what `run` throws.
   */
  lock<T>(
    name: string,
    options: LockOptions,
    run: (context: LockContext) => T | Promise<T>,
  ): Promise<T>;
  /** Removes the cache's own entries and no other keys; locks stay with their holders. */
  clear(): Promise<void>;
  /**
   * The eviction log's head as last known to this process; a promise where none is known yet.
   * null when the store is out of reach. Take it before an operation's first read, and pass it as `since`.
   */
  position(): Position | null | Promise<Position | null>;
  stats(): CacheStats;
  /** Entries in the store, estimated: exact where it is small, sampled where it is large. */
  estimateEntries(): Promise<number>;
  health(): Promise<CacheHealth>;
  /** Adds a listener of events; returns how to remove it. */
  onEvent(listener: CacheListener): () => void;
  /** Ends background work and this cache's own connections; never the client it was given. */
  close(): Promise<void>;
}

/** Turns values into bytes and back. Must carry what it accepts faithfully and throw at what it cannot. */
export interface Serializer {
  serialize(value: unknown): Uint8Array;
  deserialize(bytes: Uint8Array): unknown;
}

export interface NearOptions {
  /** Default 1,000. */
  maxEntries?: number;
  /** Keys, tags and encoded values together. Default 16 MiB. */
  maxBytes?: number;
  /**
   * How long a copy serves before the store is looked at again; also how long at the most after pushes may have been
   * lost. Default 5.
   */
  maxAgeSeconds?: number;
}

export interface CacheOptions {
  /** An ioredis client (single, Sentinel or Cluster). Duplicated, never closed. Default: an in-process store. */
  redis?: RedisClient;
  /** What every key begins with. Default "cached:". */
  prefix?: string;
  /**
   * A bounded copy of hot entries in this process, or false for none. Off by default: what other processes evict, this
   * one learns by a push, a moment later. Values that come from it are frozen. In-process stores need none.
   */
  near?: NearOptions | false;
  /** Limits of the in-process store. Default 10,000 entries and 64 MiB. */
  memory?: { maxEntries?: number; maxBytes?: number };
  /** Life of a lease; it is renewed while its load runs. Default 10: a dead holder blocks nobody for longer. */
  leaseSeconds?: number;
  /** How long a caller waits for another's load before it loads for itself. Default 5. */
  waitSeconds?: number;
  /** How long a load may run. Default 30. */
  loadTimeoutSeconds?: number;
  /** How long one command may take before the store counts as out of reach. Default 100. */
  commandTimeoutMs?: number;
  /** β of probabilistic early refresh; 0 turns it off. Default 1. */
  earlyRefresh?: number;
  /** Up to which share of its ttl an entry may die early, so that keys born together don't die together. Default 0.1. */
  ttlJitter?: number;
  /** Loads that may run at once in this process. Default 64. */
  maxConcurrentLoads?: number;
  /** Largest stored value, in bytes after encoding and compressing. Default 1 MiB. */
  maxValueBytes?: number;
  /** Values that are larger after encoding are compressed in Redis. Infinity: none are. Default 4 KiB. */
  compressAboveBytes?: number;
  /**
   * Replicas, of each master, that must have an eviction before it counts as delivered. Default 0: a failover may undo
   * what was evicted in the last moments before it, until the process that evicted it does so again.
   */
  waitReplicas?: number;
  /** "origin": answer from the origin while the store is out of reach. "throw": throw StoreUnavailableError. Default "origin". */
  onOutage?: "origin" | "throw";
  /**
   * The circuit breaker opens at the first command that is not answered in time, or only by an error of the server's
   * own. `openMs`: the longest pause between two trials that may close it, which begin 25 ms apart. Default 200.
   */
  breaker?: { openMs?: number };
  serializer?: Serializer;
  onEvent?: CacheListener;
}
