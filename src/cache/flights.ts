import type { EncodedValue } from "./codec.js";
import { createDeferred } from "./deferred.js";
import type { Nonce, Token } from "./entry.js";
import type { EntrySettings } from "./entry-settings.js";
import { isCoveredBy, type Position } from "./position.js";
import { nextSequence } from "./sequence.js";
import type { Reading } from "./store.js";

/** How a flight ended, for those who joined it. */
export type Landing =
  | Delivered
  | { type: "error"; error: unknown }
  /** Nothing that joiners may have: look again. */
  | { type: "again" };

/** How a load ended, for its own caller. */
export type Ending = Exclude<Landing, { type: "again" }>;

export interface Delivered {
  readonly type: "value";
  readonly value: unknown;
  /** Absent where the value could not be encoded: then it is its loader's alone, since nobody else can get a copy. */
  readonly encoded?: EncodedValue;
  /** Its ttl in the store; absent where it was not stored. */
  readonly storedMs?: number | undefined;
  readonly tags: readonly string[];
  /** How old what its load saw may be; null where that is unknown. */
  readonly since?: Position | null;
  /**
   * True where the result may hang on tags that were not known when joiners came: one of them may have been evicted
   * after the load began and before a joiner called, so only those who called before it began may have it.
   */
  readonly earlyOnly: boolean;
}

/** One fill of a key under way in this process. */
export interface Flight {
  /** Reads with a lower number were sent before it took its lease. */
  readonly sequence: number;
  readonly since: Position | null | undefined;
  readonly loadGroup: object | undefined;
  /** Known before the load. */
  readonly tags: readonly string[];
  /** Its lease's, once that is granted; for a load without lease, what its caller found in the key. */
  token: Token | undefined;
  /** The version of every tag known before the load; undefined where one has none, and nothing can be compared. */
  nonces: ReadonlyMap<string, Nonce> | undefined;
  /** Resolves when the lease is granted or refused. */
  readonly leased: Promise<void>;
  settleLease(): void;
  readonly landed: Promise<Landing>;
  /** At hand once it has landed. */
  landing: Landing | undefined;
  land(landing: Landing): void;
}

/** Single flight: at most one fill a key in this process, and who may share it. */
export class Flights {
  readonly #byKey = new Map<string, Flight>();

  get(key: string): Flight | undefined {
    return this.#byKey.get(key);
  }

  /** Begins a flight; a later one under the same key takes the place of one that nobody may join any more. */
  start(
    key: string,
    { since, loadGroup, tags }: Pick<EntrySettings, "since" | "loadGroup" | "tags">,
  ): Flight {
    const lease = createDeferred();
    const landing = createDeferred<Landing>();
    const flight: Flight = {
      sequence: nextSequence(),
      since,
      loadGroup,
      tags,
      token: undefined,
      nonces: undefined,
      leased: lease.promise,
      settleLease: lease.resolve,
      landed: landing.promise,
      landing: undefined,
      land: (how) => {
        flight.landing ??= how;
        if (this.#byKey.get(key) === flight) this.#byKey.delete(key);
        lease.resolve();
        landing.resolve(how);
      },
    };
    this.#byKey.set(key, flight);
    return flight;
  }

  entries(): Iterable<[key: string, flight: Flight]> {
    return [...this.#byKey];
  }

  /** Nobody joins it from now on; who has joined stays. */
  leave(key: string): void {
    this.#byKey.delete(key);
  }
}

/**
 * A reader may share a fill when nothing was evicted between the fill's snapshot and the reader's read: either the
 * read was sent before the fill took its lease, or the read itself found the fill's lease with unmoved versions.
 */
export function mayJoinFill(flight: Flight, reading: Reading): boolean {
  if (reading.sequence < flight.sequence) return true;
  return (
    reading.lease !== undefined &&
    reading.lease.token === flight.token &&
    !reading.lease.doomed &&
    haveSameVersions(flight, reading)
  );
}

/**
 * A load without lease has no snapshot that its result was checked against. One of an operation may hand out what its
 * DataLoaders memoised when the operation began, so the reader's must be no younger. Two operations of one position may
 * have begun on either side of an eviction's call, so none that the reader saw carried out may be past the loader's. One
 * of no operation sees nothing older than its own start, which nothing was evicted since.
 */
export function mayJoinBareLoad(
  flight: Flight,
  reading: Reading,
  since: Position | null | undefined,
): boolean {
  return (
    (flight.since === undefined || isNoYounger(since, flight.since)) &&
    (!flight.since || reading.isCoveredBy(flight.since)) &&
    (reading.sequence < flight.sequence ||
      // A deletion moves no version; but it takes away what stood there when the load began.
      (reading.token === flight.token && haveSameVersions(flight, reading)))
  );
}

/**
 * Whether the caller may have a result that hangs on tags nobody knew: it called before the load began, and the load
 * sees nothing older than its own start, or than the operation that both belong to. Another operation's memory may be
 * from before an eviction that this caller called after.
 */
export function cameBefore(flight: Flight, reading: Reading, entry: EntrySettings): boolean {
  if (reading.sequence >= flight.sequence) return false;
  const areOne = entry.loadGroup !== undefined && entry.loadGroup === flight.loadGroup;
  return areOne || (entry.since === undefined && flight.since === undefined);
}

export function isNoYounger(
  since: Position | null | undefined,
  loader: Position | null | undefined,
): boolean {
  if (!since || !loader) return since === undefined && loader === undefined;
  return isCoveredBy(since, loader) && (loader.own ?? 0) >= (since.own ?? 0);
}

function haveSameVersions(flight: Flight, reading: Reading): boolean {
  if (flight.nonces?.size !== reading.versions.size) return false;
  for (const [tag, nonce] of reading.versions) {
    if (flight.nonces.get(tag) !== nonce) return false;
  }
  return true;
}

/** Whether a joiner may have what a flight brought: an error as it was thrown, a value only if it gets its own. */
export function isForJoiner(landing: Landing, isEarly: boolean): landing is Ending {
  if (landing.type !== "value") return landing.type === "error";
  return landing.encoded !== undefined && (isEarly || !landing.earlyOnly);
}
