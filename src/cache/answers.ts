import type { Call, FillParts } from "./call.js";
import type { EncodedValue } from "./codec.js";
import type { Entry } from "./entry.js";
import type { Delivered, Ending } from "./flights.js";
import type { NearEntry } from "./near-entry.js";
import type { Lookup, LookupStatus, NearLookup } from "./types.js";

export type Answer = Lookup<unknown>;

/** Makes answers of what was found or loaded, each with a value of its own. */
export interface Answers {
  /** undefined where the entry cannot be read, which is reported. */
  fromEntry(key: string, entry: Entry, nowMs: number, status: LookupStatus): Answer | undefined;
  /** Gives the same answer to one more caller each time, with a value of its own. */
  repeated(key: string, entry: Entry, first: Answer): () => Answer | undefined;
  /** Throws what the load threw. */
  fromOwn(ending: Ending, status: LookupStatus): Answer;
  /** A joiner gets a value of its own; undefined where none can be made. Throws what the load threw. */
  fromOthers(call: Call, ending: Ending, status: LookupStatus): Answer | undefined;
}

type Reader = (encoded: EncodedValue) => unknown;

/** Stands for a value that cannot be read, since undefined can be one. */
const UNREADABLE = Symbol("unreadable");

export function createAnswers({ codec, reporter }: Pick<FillParts, "codec" | "reporter">): Answers {
  /** For the joiners of a load. Not by its bytes, which may be kept as long as the entry is. */
  const copies = new WeakMap<Ending, Reader>();

  function copiesOf(ending: Ending): Reader {
    let copy = copies.get(ending);
    if (!copy) {
      copy = copiesOfOne();
      copies.set(ending, copy);
    }
    return copy;
  }

  /** For a crowd that reads the same bytes, which are decoded for the first of it. */
  function copiesOfOne(): Reader {
    let copy: (() => unknown) | undefined;
    return (encoded) => {
      copy ??= codec.copies(encoded);
      return copy();
    };
  }

  function readable(read: Reader, encoded: EncodedValue, key: string, coordinate?: string) {
    try {
      return read(encoded);
    } catch (error) {
      reporter.error(error, { key, coordinate });
      return UNREADABLE;
    }
  }

  return {
    fromEntry(key, entry, nowMs, status) {
      const value = readable(codec.decode, encodedIn(entry), key);
      if (value === UNREADABLE) return undefined;
      return {
        value,
        status,
        ageSeconds: secondsSince(entry, nowMs),
        remainingSeconds: Math.max(0, (entry.birthMs + entry.ttlMs - nowMs) / 1000),
        tags: entry.tags,
        since: entry.since ?? null,
      };
    },
    repeated(key, entry, { status, ageSeconds, remainingSeconds, tags, since }) {
      const encoded = encodedIn(entry);
      const copy = copiesOfOne();
      return () => {
        const value = readable(copy, encoded, key);
        return value === UNREADABLE
          ? undefined
          : { value, status, ageSeconds, remainingSeconds, tags, since };
      };
    },
    fromOwn(ending, status) {
      if (ending.type === "error") throw ending.error;
      return fromDelivered(ending, ending.value, status);
    },
    fromOthers(call, ending, status) {
      if (ending.type === "error") throw ending.error;
      if (!ending.encoded) return undefined;
      const { key, entry } = call;
      const value = readable(copiesOf(ending), ending.encoded, key, entry.coordinate);
      return value === UNREADABLE ? undefined : fromDelivered(ending, value, status);
    },
  };
}

/** What the caller may keep, and change: the entry is everybody's. */
export function fromNear(entry: NearEntry, status: LookupStatus): Answer {
  const { value, ageSeconds, remainingSeconds, tags, since } = entry;
  return { value, status, ageSeconds, remainingSeconds, tags, since };
}

/** The same, written out: it is made for each near field of a GraphQL request. */
export function nearLookup(entry: NearEntry): NearLookup<unknown> {
  const { value, ageSeconds, remainingSeconds, tags, since, isDue } = entry;
  return { value, status: "hit", ageSeconds, remainingSeconds, tags, since, isDue };
}

function fromDelivered(
  { storedMs = 0, tags, since = null }: Delivered,
  value: unknown,
  status: LookupStatus,
): Answer {
  return { value, status, ageSeconds: 0, remainingSeconds: storedMs / 1000, tags, since };
}

/**
 * An entry serves only those all of whose tags it is filed under: another version of the code, or another moment, may
 * have filed it under fewer, and an eviction of the others would never reach it.
 */
export function isFiledUnder(
  own: readonly string[],
  wanted: readonly string[] | undefined,
): boolean {
  if (!wanted) return true;
  for (let index = 0; index < wanted.length; index += 1) {
    const tag = wanted[index] as string;
    if (own[index] !== tag && !own.includes(tag)) return false;
  }
  return true;
}

function encodedIn({ format, value }: Entry): EncodedValue {
  return { format, bytes: value };
}

function secondsSince(entry: Entry, nowMs: number): number {
  return Math.max(0, nowMs - entry.birthMs) / 1000;
}
