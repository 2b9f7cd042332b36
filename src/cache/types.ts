import type { CacheListener } from "./events.js";
import type { CacheHealth } from "./health.js";
import type { LockContext, LockOptions } from "./lock.js";
import type { Position } from "./position.js";
import type { CacheStats } from "./reporter.js";
import type { WriteBehind, WriteBehindOptions } from "./write-behind/types.js";

/** Seconds may be fractions, of a year at the most. */
export interface EntryOptions {
  /** Seconds the result stays fresh. Must be greater than 0. */
  ttlSeconds: number;
  /** Tags the entry is filed under, known before the load, each of 1 to 1,024 characters. Default: none. */
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
   * loads meet in one DataLoader batch, which a bound on single loads would tear apart. A load that looks up something
   * else passes on its context as the group: else that waits for room which the load itself takes up.
   * Default: a group of its own.
   */
  loadGroup?: object;
  /** The schema coordinate, for events and errors. */
  coordinate?: string;
}

/** Given to every load. */
export interface LoadContext {
  /** Aborted after `loadTimeoutSeconds`, and when the cache closes. */
  readonly signal: AbortSignal;
  /** Files the entry under tags known only from the result. @throws InvalidOptionError */
  addTags(...tags: string[]): void;
  /** Replaces the entry's ttl, from the result. 0 stores nothing. @throws InvalidOptionError */
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

/**
 * Keys are texts that do not begin with NUL. What cannot be used as given is refused with InvalidOptionError, and
 * whatever asks for an entry, changes one or takes a lock with CacheClosedError once the cache is closed.
 */
export interface Cache {
  /**
   * The entry's value, or the result of `load`, which is stored.
   *
   * @throws what `load` throws; LoadTimeoutError after `loadTimeoutSeconds`; LoadQueueTimeoutError where `maxConcurrentLoads`
   *   left no room in that time; StoreUnavailableError in an outage with `onOutage: "throw"`
   */
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
  /** `getOrSet` that also says how it was answered, and throws the same. */
  lookup<T>(key: string, options: EntryOptions, load: Load<T>): Promise<Lookup<T>>;
  /**
   * The entry's value if it is fresh and valid, else the write of the key that a queue has pending, else undefined, as
   * while the store is out of reach and the entry is not near.
   */
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
  /**
   * Stores a value; false when it was not stored (not cacheable, key deleted meanwhile, store out of reach). Nobody
   * reads it where one of its tags is evicted meanwhile, whatever is said here.
   */
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
  /**
   * Evicts one key and voids its lease. False when the store was out of reach: it binds this process at once, the others
   * from its delivery.
   */
  delete(key: string): Promise<boolean>;
  /** Makes every entry of the tags invalid, and frees it in the background. No outage makes it reject. */
  evictTags(tags: readonly string[]): Promise<Eviction>;
  /**
   * Runs `run` while holding the lock `name`, which one caller of all processes has at a time.
   *
   * @throws LockTimeoutError when it was not to be had in time; StoreUnavailableError when the store is out of reach,
   *   whatever `onOutage`, since no origin has locks; and what `run` throws
   */
  lock<T>(
    name: string,
    options: LockOptions,
    run: (context: LockContext) => T | Promise<T>,
  ): Promise<T>;
  /**
   * Removes the cache's own entries and no other keys; locks stay with their holders, and what queues have pending stays.
   * While the store is out of reach it binds this process at once, and is delivered later.
   */
  clear(): Promise<void>;
  /**
   * The eviction log's head as last known to this process; a promise where none is known yet. While the store is out of
   * reach, a position of this process's own. Take it before an operation's first read, and pass it as `since`.
   */
  position(): Position | null | Promise<Position | null>;
  /** What this process did since the cache was made. */
  stats(): CacheStats;
  /** Entries in the store, estimated: exact where it is small, sampled where it is large; 0 while it is out of reach. */
  estimateEntries(): Promise<number>;
  /** Asks the store first. No outage makes it reject. */
  health(): Promise<CacheHealth>;
  /** Adds a listener of events; returns how to remove it. */
  onEvent(listener: CacheListener): () => void;
  /** Ends background work and this cache's own connections; never the client it was given. */
  close(): Promise<void>;
}
