import type { Entry, EntryDraft, Nonce, Token } from "./entry.js";
import type { NodeUnavailableError } from "./errors.js";
import type { Position } from "./position.js";
import type { Pin, Pins } from "./write-behind/pins.js";
import type { WriteQueue } from "./write-behind/queue.js";

/** Who is filling the key, as a reader saw it. */
export interface SeenLease {
  readonly token: Token;
  /** How long it still holds unless renewed. */
  readonly remainingMs: number;
  /** A tag that the reader knows was evicted after the lease was taken, or lost: its load can commit nothing valid. */
  readonly doomed: boolean;
}

/** One look at a key and the versions of its tags. */
export interface Reading {
  /** Order in this process in which the read was sent: whatever was sent later saw nothing older. */
  readonly sequence: number;
  /** The key's token, whatever state it is in; "" for an absent key. What a lease is taken over from. */
  readonly token: Token;
  /** The entry, valid or not, fresh or not. */
  readonly entry?: Entry | undefined;
  /** Every tag of the entry still has the version that the entry was loaded under. */
  readonly valid: boolean;
  readonly lease?: SeenLease | undefined;
  /** A live pass marker: the last load left nothing to store. */
  readonly pass: boolean;
  /** A lease or pass marker that holds and is worthless: a tag was evicted after it. It may be taken over at once. */
  readonly doomed: boolean;
  /** Versions of the tags asked for; a tag without one is absent. */
  readonly versions: ReadonlyMap<string, Nonce>;
  /** True when no eviction of the tags asked for can have escaped somebody who knows the log up to `since`. */
  isCoveredBy(since: Position): boolean;
}

/** The versions a load begins under. */
export interface Snapshot {
  readonly nonces: ReadonlyMap<string, Nonce>;
  /** For each tag, a position that no eviction of it before the snapshot is past. */
  readonly floors: ReadonlyMap<string, Position>;
  /** The log's head, read after every version in it existed and before the load begins. */
  readonly head: Position;
  /** Of a key's lease, where asked for: when the key was deleted last, if that was within `DELETION_KEPT_MS`. */
  readonly deletedAt?: Position | undefined;
}

/** Refused when somebody else moved first: look again. */
export type LeaseGrant =
  | {
      readonly taken: true;
      /** May be another than the one that was asked for. */
      readonly token: Token;
      readonly snapshot: Snapshot;
      /** Where asked for: the key's pending write, as of a moment at which the lease was held. */
      readonly pinned?: Pin | undefined;
    }
  | { readonly taken: false };

export interface LeaseRequest {
  readonly key: string;
  readonly tags: readonly string[];
  readonly token: Token;
  readonly leaseMs: number;
  /** The token that the caller saw and judged worthless; "any" takes whatever is there (`set`). */
  readonly over: Token | "any";
  /** True where what was seen there was doomed: it is taken over though it holds by the store's clock. */
  readonly overHeld?: boolean;
  /** Whether `deletedAt` is asked for. */
  readonly asksDeletion?: boolean;
  /** Whether `pinned` is asked for. */
  readonly asksPin?: boolean;
  /** Whose loads are to begin in one tick. */
  readonly group?: object | undefined;
  /**
   * True for a write's lease. No eviction dooms it: what readers would load in its place may be from before the write,
   * and its holder evicts the very tags itself, a moment before it commits.
   */
  readonly outlastsEvictions?: boolean;
}

export interface EvictionReceipt {
  /** Where the log stood when the tags got their new versions. */
  readonly position: Position;
  /** How many index members the tags had. */
  readonly entries: number;
  /** What became of each tag's version. */
  readonly versions: ReadonlyMap<string, EvictedVersion>;
}

/** One step of a tag from version to version, with nothing in between. */
export interface EvictedVersion {
  /** undefined: it had none. */
  readonly before: Nonce | undefined;
  readonly after: Nonce;
}

/** What was committed under a lease, as its push told it. */
export interface Pushed {
  readonly token: Token;
  readonly entry: Entry;
}

/** Wakes whoever waits for a key. Pushes are hints: a wake may come for nothing, and may be lost. */
export interface Watch {
  /** Resolves at the next wake, or at once if one came since the last call; with what that told, if anything. */
  next(): Promise<Pushed | undefined>;
  close(): void;
}

/** Told of what other processes, and this one, changed in the store. */
export interface ChangeListener {
  /** A tag was evicted. */
  onTag(tag: string): void;
  /** An entry came, went, or was given up. */
  onKey(key: string): void;
  /** Everything went. */
  onAll(): void;
  /** From now on changes are missed. */
  onGap(): void;
  /** From now on none is missed; those before may have been. */
  onOpen(): void;
}

export interface ChangeStream {
  /** Every eviction up to this position of the log was told; undefined before the first word. */
  readonly told: Position | undefined;
  /** Whether everything that happened until now was told. */
  isComplete(): Promise<boolean>;
}

/** Told how long the batch may take that a step is sent in. */
export type OnSend = (limitMs: number) => void;

/**
 * Where entries live: the seam between the algorithm and Redis. A store keeps records, leases, tag versions and the
 * eviction log, and makes each single step atomic; which steps follow which is the algorithm's business.
 *
 * Every method that asks the store rejects with StoreError when it cannot be reached in time; none hangs.
 */
export interface Store {
  readonly kind: "memory" | "redis";
  /** The store's clock in milliseconds since 1970, as well as this process knows it. */
  now(): number;
  /**
   * Reads of one tick share a round trip, and those of one tick that are no hits settle together. So do all of one
   * group: what an operation asks for next, when it has its answers, is then asked for in one tick as well.
   */
  read(key: string, tags: readonly string[], group?: object): Promise<Reading>;
  /** Takes lease and snapshot in one round trip. Those of one tick settle together. */
  takeLease(request: LeaseRequest): Promise<LeaseGrant>;
  /**
   * Settles with the leases that a group takes in this tick, granted or not; without any, at once. Never rejects. Loads
   * that need no lease so begin in one tick with those that do. Absent where leases cost no more than promise jobs.
   */
  besideLeases?(group: object): Promise<void>;
  /** Renews the lease, and the lives of the tags that its load began under; false when the lease is lost. */
  renewLease(lease: Omit<LeaseRequest, "over">): Promise<boolean>;
  /**
   * Writes the entry if the lease still holds, and files it under its tags; the birth, or undefined when refused.
   */
  commit(
    key: string,
    token: Token,
    draft: EntryDraft,
    onSend?: OnSend,
  ): Promise<number | undefined>;
  /** Gives the lease up if it still holds, and leaves a pass marker of `passMs` (0: none). */
  releaseLease(key: string, token: Token, passMs: number): Promise<void>;
  /** Versions of tags known only from a result; absent ones are created. Those of one tick share a round trip. */
  snapshot(tags: readonly string[], onSend?: OnSend): Promise<Snapshot>;
  /** A number greater than all that were given before, to any process. */
  nextFence(): Promise<number>;
  evict(tags: readonly string[]): Promise<EvictionReceipt>;
  delete(key: string): Promise<void>;
  /** Removes all entries; locks stay with their holders. */
  clear(): Promise<void>;
  /** Pending writes, by key. */
  readonly pins: Pins;
  /** Pending writes, in the order in which the origin is to have them. One object a name. */
  queue(name: string): WriteQueue;
  /** The log's head as last heard; undefined before the first word of it. */
  knownPosition(): Position | undefined;
  readPosition(): Promise<Position>;
  /** Tells of all changes, for near caches. Absent where the store is in this process, and as near as can be. */
  listen?(listener: ChangeListener): ChangeStream;
  /** Resolves once registered: a change after that wakes. */
  watch(key: string): Promise<Watch>;
  /**
   * Tells, before anything is read from it, of a server that may lack what was acknowledged before: one that was
   * promoted in the place of the old one, which was lost at that time on `performance.now()`'s clock.
   */
  onPromotion?(listener: (lostAtMs: number) => void): void;
  /**
   * Tells of single nodes of a cluster: of one that is lost, whose share alone then rejects, with a
   * NodeUnavailableError, and of one that is back.
   */
  onNode?(lost: (error: NodeUnavailableError) => void, back: (address: string) => void): void;
  /** Addresses of those that are lost now. */
  lostNodes?(): string[];
  /** Resolves when the store answers and takes writes; rejects with StoreError when it does not. */
  ping(): Promise<void>;
  estimateEntries(): Promise<number>;
  /** What keeps the store from its promises right now, a sentence each. */
  problems(): string[];
  /** The same, for what the servers must be asked. Absent where there are none. */
  inspect?(): Promise<string[]>;
  /** Whether pushes come. Absent where none are needed. */
  readonly isPushConnected?: boolean;
  /** What is worth knowing of it and breaks no promise, a sentence each. */
  notes(): string[];
  close(): Promise<void>;
}

/**
 * How long a deletion is remembered for operations that began before it, and whose loaders may remember what was
 * deleted. Longer than operations live.
 */
export const DELETION_KEPT_MS = 60_000;
