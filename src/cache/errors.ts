/** What every error of this library carries beside its message. */
export interface CachedErrorDetails {
  /** The cache key the failure belongs to, where there is one. */
  key?: string;
  /** The schema coordinate, as `Query.menu`, where the failure came through a directive. */
  coordinate?: string;
  cause?: unknown;
}

/**
 * Base of every error this library throws or reports.
 *
 * `code` is stable across releases; the text is not. The text says what must hold and what came instead.
 */
export abstract class CachedError extends Error {
  abstract readonly code: string;
  readonly key?: string;
  readonly coordinate?: string;

  constructor(message: string, details: CachedErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    if (details.key !== undefined) this.key = details.key;
    if (details.coordinate !== undefined) this.coordinate = details.coordinate;
  }
}

/** An option, key, tag, ttl or other argument that cannot be used as given. Thrown at once, before anything is done. */
export class InvalidOptionError extends CachedError {
  readonly code = "E_INVALID_OPTION";
}

/** A directive that contradicts its schema. Thrown while the schema is built, with the coordinate. */
export class DirectiveError extends CachedError {
  readonly code = "E_DIRECTIVE";
}

/** A tag or key template that found no value. Reported once for each coordinate; never thrown into a field. */
export class TemplateError extends CachedError {
  readonly code = "E_TEMPLATE";
}

/** A field that all viewers share may show one viewer's data to the others. Reported once for each coordinate, in development. */
export class PrivacyError extends CachedError {
  readonly code = "E_PRIVACY";
}

/** A load ran longer than `loadTimeoutSeconds`. Its signal was aborted; its result, if any, is dropped. */
export class LoadTimeoutError extends CachedError {
  readonly code = "E_LOAD_TIMEOUT";
}

/** The origin is at `maxConcurrentLoads` and no place came free in time. */
export class LoadQueueTimeoutError extends CachedError {
  readonly code = "E_LOAD_QUEUE_TIMEOUT";
}

/** Another held the lock for the whole time that the caller was ready to wait. */
export class LockTimeoutError extends CachedError {
  readonly code = "E_LOCK_TIMEOUT";
}

/** The reason of a lock's signal: the lock is, or may be, another's by now. */
export class LockLostError extends CachedError {
  readonly code = "E_LOCK_LOST";
}

/** A background refresh failed; the entry that it was to replace serves on. Reported, never thrown. */
export class RefreshError extends CachedError {
  readonly code = "E_REFRESH";
}

/** The store did not answer, answered with an error, or did not answer in time. The cause is the client's error. */
export class StoreError extends CachedError {
  readonly code: string = "E_STORE";
}

/** The store is out of reach, and `onOutage` is "throw". */
export class StoreUnavailableError extends StoreError {
  override readonly code = "E_STORE_UNAVAILABLE";
}

/** The store answers, and took too long for one call: its steps used up the time that a call may lose to it. */
export class StoreSlowError extends StoreUnavailableError {}

/** One node of a cluster is out of reach: what lies on it is, and nothing else. */
export class NodeUnavailableError extends StoreUnavailableError {
  /** `host:port` */
  readonly node: string;

  constructor(node: string, details: CachedErrorDetails = {}) {
    const why = details.cause instanceof Error ? details.cause.message : "it is not";
    super(`The node ${node} of the cluster must be in reach, but: ${why}`, details);
    this.node = node;
  }
}

/** The server, or the way it is set up, cannot keep the cache's promises. Thrown by `createCache`, or reported when first seen. */
export class UnsupportedStoreError extends CachedError {
  readonly code = "E_UNSUPPORTED_STORE";
}

/** A value that cannot be carried faithfully, so it is returned and not stored. Reported once for each key or coordinate. */
export class NotCacheableError extends CachedError {
  readonly code = "E_NOT_CACHEABLE";
}

/** A stored entry that cannot be read back (foreign bytes, an unknown format). It is treated as absent. */
export class CorruptEntryError extends CachedError {
  readonly code = "E_CORRUPT_ENTRY";
}

/** A queue of `writeBehind` holds `maxPending` writes, dead letters among them, so `put` did not take this one on. */
export class WriteQueueFullError extends CachedError {
  readonly code = "E_WRITE_QUEUE_FULL";
}

/** The cache was closed; the call was refused. */
export class CacheClosedError extends CachedError {
  readonly code = "E_CLOSED";
}
