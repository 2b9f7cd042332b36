import type { EntryOptions, WriteContext } from "../types.js";

/** A write on its way to the origin. */
export interface BehindWrite<T> {
  readonly key: string;
  readonly value: T;
  /**
   * Greater than that of every write that was put before, of this key and of all others. Store it beside the value,
   * and let the origin refuse lower ones: a write is handed over at least once, and an older one may come late, from a
   * process that was paused in the middle of it.
   */
  readonly sequence: number;
  /** 1 for the first time. Processes that died over it count as well. */
  readonly attempt: number;
}

/** One Error in the place of each write that failed; whatever else stands there is a success. undefined: all succeeded. */
export type WriteResults = ReadonlyArray<unknown> | undefined;

type BatchWrite<T, Results> = (
  writes: readonly BehindWrite<T>[],
  context: WriteContext,
) => Results | Promise<Results>;

export interface WriteBehindOptions<T> {
  /**
   * Writes a batch to the origin, each key at the most once. What throws, or rejects, failed as a whole, and is tried
   * again in halves, or in smaller parts where few attempts are left, so that one write that cannot succeed does not
   * take the others with it. Other processes that opened the queue may write at the same time.
   */
  write: BatchWrite<T, WriteResults> | BatchWrite<T, void>;
  /** Keys in one batch, at the most; up to 1,000. Default 100. */
  batchSize?: number;
  /**
   * How long a write waits for others to share its batch, and for newer ones of its key to replace it; half of
   * `leaseSeconds` at the most. Default 0.05.
   */
  delaySeconds?: number;
  /** A write that failed so often becomes a dead letter. Default 15: after about two and a half minutes. */
  maxAttempts?: number;
  /** How long to wait after the first failure; twice as long after each further one, less a random part. Default 0.1. */
  retrySeconds?: number;
  /** The longest wait between two attempts. Default 30. */
  maxRetrySeconds?: number;
  /** Writes that may wait, dead letters among them. A full queue refuses `put`. Default 10,000. */
  maxPending?: number;
}

export interface PutReceipt {
  readonly sequence: number;
  /**
   * False where the entry was not replaced: not to be kept (a null with `nullTtlSeconds: 0`), a newer write is on its
   * way, the origin has this one already, or the store went out of reach in the middle. In the last case readers may
   * have the old entry until the flush.
   */
  readonly stored: boolean;
}

/** A write that failed `maxAttempts` times. Readers have the origin's value again. */
export interface DeadLetter<T> {
  readonly id: string;
  readonly key: string;
  /** undefined where the value cannot be read any more. */
  readonly value: T | undefined;
  readonly sequence: number;
  readonly attempts: number;
  /** The last failure, in words. */
  readonly reason: string;
  readonly failedAt: Date;
}

export interface WriteBehindHealth {
  /** Writes that the origin does not have yet. */
  readonly pending: number;
  readonly deadLetters: number;
  /** How long the oldest of the pending ones has waited. */
  readonly oldestSeconds: number;
}

/**
 * A queue of writes: the entry now, the origin later. A key belongs to one queue. While the store is out of reach its
 * methods reject with StoreUnavailableError, and with CacheClosedError once it or the cache is closed.
 */
export interface WriteBehind<T> {
  readonly name: string;
  /**
   * Takes the write on, and makes the value the entry: every reader, in any process, has it from when this resolved,
   * whatever is evicted, deleted or expires before the origin has it. When it has, the entry's tags are evicted.
   *
   * @throws WriteQueueFullError, NotCacheableError for a value that is not carriable or too large,
   *   StoreUnavailableError when the store is out of reach: then it was not taken on, or its acknowledgement was lost,
   *   which nobody can tell apart; put again, it is one write more of the same value
   */
  put(key: string, options: EntryOptions, value: T): Promise<PutReceipt>;
  /**
   * Resolves when every write put before, by any process, has reached the origin or is a dead letter. What waits in this
   * process is tried at once; what fails then waits for its next attempt as ever.
   */
  flush(): Promise<void>;
  /** The oldest of them. Default: 100 at the most. */
  deadLetters(options?: { limit?: number }): Promise<DeadLetter<T>[]>;
  /**
   * Puts a dead letter into the queue again, with its sequence. Readers have it from the flush on. False: no such letter.
   *
   * @throws WriteQueueFullError
   */
  requeue(id: string): Promise<boolean>;
  /** Forgets a dead letter; false where there is none. */
  discard(id: string): Promise<boolean>;
  health(): Promise<WriteBehindHealth>;
  /**
   * Ends this process's part, once the batch under way is done. What is pending stays in Redis for the other processes,
   * and for the next start; without Redis it is tried once more, and lost if that fails.
   */
  close(): Promise<void>;
}
