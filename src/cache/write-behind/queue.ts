import type { EntrySettings } from "../entry-settings.js";

/** How the entry of a write is to be stored. */
export type QueuedEntry = Pick<
  EntrySettings,
  "ttlMs" | "staleWhileRevalidateMs" | "staleIfErrorMs" | "nullTtlMs" | "tags" | "coordinate"
>;

/** A write that the origin has yet to be given. */
export interface QueuedWrite {
  readonly key: string;
  readonly entry: QueuedEntry;
  /** How `value` is encoded; the codec's business. */
  readonly format: number;
  readonly value: Uint8Array;
}

/** A write in the hands of this process. */
export interface Delivery {
  /** Of its place in the queue. */
  readonly id: string;
  /** Greater than that of every write put before, of whatever key. */
  readonly sequence: number;
  /** How often it was handed out, to any process; 1 for the first time. */
  readonly attempt: number;
  readonly write: QueuedWrite;
}

/** A write that was given up. */
export interface BuriedWrite {
  readonly id: string;
  readonly sequence: number;
  readonly attempts: number;
  /** The last failure, in words. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly buriedAtMs: number;
  readonly write: QueuedWrite;
}

export interface QueueSize {
  readonly pending: number;
  readonly buried: number;
  /** How long the oldest pending write has waited; 0 without one. */
  readonly oldestMs: number;
}

/**
 * Where writes wait: the seam to the store. Each is handed to one process at a time, until that settles or buries it,
 * or is not heard of any more; so each is handed out at least once.
 *
 * Every method rejects with StoreError when the store cannot be reached in time.
 */
export interface WriteQueue {
  /** True where it outlives this process. */
  readonly isShared: boolean;
  /**
   * The write's sequence; undefined where `room` writes, the buried ones among them, are there already.
   * @param sequence of a write that is put again
   */
  append(write: QueuedWrite, room: number, sequence?: number): Promise<number | undefined>;
  /** At most `count` that were never handed out. */
  receive(count: number): Promise<Delivery[]>;
  /** At most `count` whose holder was not heard of for so long. */
  adopt(idleMs: number, count: number): Promise<Delivery[]>;
  /** Tells that they are still in this process's hands, and how often they were tried. */
  keep(deliveries: readonly Pick<Delivery, "id" | "attempt">[]): Promise<void>;
  /** They are done with. */
  settle(ids: readonly string[]): Promise<void>;
  /** Puts it aside; false where it was settled meanwhile. */
  bury(delivery: Delivery, reason: string): Promise<boolean>;
  /** The oldest of those put aside. */
  buried(count: number): Promise<BuriedWrite[]>;
  buriedAt(id: string): Promise<BuriedWrite | undefined>;
  /** Forgets one that was put aside; false where there is none. */
  discard(id: string): Promise<boolean>;
  /** This process takes no more; it is forgotten where nothing is pending. */
  leave(): Promise<void>;
  /** The place of the last write; undefined when none is pending. */
  last(): Promise<string | undefined>;
  /** Whether any write up to that place is pending. */
  isPendingUpTo(id: string): Promise<boolean>;
  size(): Promise<QueueSize>;
}
