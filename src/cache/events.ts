import type { CachedError } from "./errors.js";

interface Keyed {
  /** The entry's key as the caller gave it. */
  key: string;
  /** The field's schema coordinate, as `Query.menu`, where the call came through a directive. */
  coordinate?: string;
}

interface Queued extends Keyed {
  /** The queue's name, as `writeBehind` was given it. */
  queue: string;
}

/**
 * Everything the engine tells the outside, as one closed union: logs, statistics, metrics and tests read it,
 * and nothing in the engine knows how to log.
 */
export type CacheEvent =
  | ({ type: "hit"; ageSeconds: number } & Keyed)
  /** From this process's near cache. */
  | ({ type: "nearHit"; ageSeconds: number } & Keyed)
  | ({ type: "staleHit"; ageSeconds: number; reason: "revalidate" | "error" } & Keyed)
  | ({ type: "miss" } & Keyed)
  /** This caller waits for another's fill, in this process or elsewhere. */
  | ({ type: "wait" } & Keyed)
  /** A load began. `stored: false` when it is known beforehand that its result will not be stored. */
  | ({ type: "load"; stored: boolean } & Keyed)
  /** An entry was committed. */
  | ({ type: "fill"; loadSeconds: number; bytes: number } & Keyed)
  /** A load's result was returned but not stored. */
  | ({ type: "refused"; reason: RefusalReason } & Keyed)
  | ({ type: "refresh" } & Keyed)
  | { type: "evict"; tags: readonly string[]; entries: number; delivered: boolean }
  | ({ type: "delete" } & Keyed)
  /** A queue took a write on. */
  | ({ type: "put"; sequence: number } & Queued)
  /** A queue's batch reached the origin. */
  | { type: "written"; queue: string; keys: readonly string[]; seconds: number }
  /** A write to the origin failed, and is tried again after that time. */
  | ({ type: "writeFailed"; attempt: number; retrySeconds: number; error: unknown } & Queued)
  /** A write was given up, and waits to be requeued or discarded. */
  | ({ type: "deadLetter"; sequence: number; attempts: number; error: unknown } & Queued)
  /** The store went out of reach: its breaker opened. One event for each outage; of a cluster, for each node as well. */
  | { type: "outage"; error: CachedError; node?: string }
  /** The store, or the node, answers again, and has the evictions that it missed. */
  | { type: "recovery"; node?: string }
  /** Something inside the cache failed; the caller was answered all the same. */
  | { type: "error"; error: CachedError; key?: string; coordinate?: string };

export type RefusalReason =
  /** The lease ran out, was taken over, or its key was deleted; in process also: key and tags leave the value no room. */
  | "lease lost"
  /** A tag known only from the result moved while the load ran. */
  | "tag moved"
  /** The operation is older than the last eviction of one of the tags. */
  | "operation too old"
  | "too large"
  | "not cacheable"
  | "null"
  | "ttl";

export type CacheListener = (event: CacheEvent) => void;
