import type { CacheListener } from "./events.js";
import type { RedisClient } from "./redis/client.js";

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
  /**
   * How long one command may take before the store counts as out of reach, from 1 to 60,000; what this process was
   * stopped for does not count. Default 100.
   */
  commandTimeoutMs?: number;
  /** β of probabilistic early refresh, up to 100; 0 turns it off. Default 1. */
  earlyRefresh?: number;
  /** Up to which share of its ttl an entry may die early, so that keys born together don't die together, up to 0.9. Default 0.1. */
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
  /**
   * Carries all values. Default none: a text is stored as it is, else the cheapest of MessagePack and V8's own
   * serialization that carries a value whole.
   */
  serializer?: Serializer;
  /** Told of all that the cache does; `cache.onEvent` adds more. Default: none. */
  onEvent?: CacheListener;
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

/** Turns values into bytes and back. Must carry what it accepts faithfully and throw at what it cannot. */
export interface Serializer {
  serialize(value: unknown): Uint8Array;
  deserialize(bytes: Uint8Array): unknown;
}
