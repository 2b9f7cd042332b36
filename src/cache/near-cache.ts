import { LRUCache } from "lru-cache";
import { isFiledUnder } from "./answers.js";
import type { Codec } from "./codec.js";
import { shouldRefreshEarly } from "./early-refresh.js";
import type { Entry } from "./entry.js";
import { freezeWhole } from "./freeze-whole.js";
import { wholeNow } from "./moment.js";
import { NearEntry } from "./near-entry.js";

export interface NearSettings {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** When a read was sent, by what had been told until then. */
export type ReadMark = number;

/**
 * This process's bounded copies of hot entries. Whatever is told of a key or tag takes them away; and since a push may
 * be lost, none serves for longer than `maxAgeMs` past its last look at the store, nor past the last moment at which
 * the pushes were known to be complete. (`nowMs` of `find` may be as old as what runs is long: see moment.ts.)
 */
export interface NearCache {
  /** How many values were handed out; what a load saw of them is as old as the pushes were then. */
  readonly handedOut: number;
  /**
   * An entry that is filed under all these tags, and fresh at `nowMs` (whole; default: now); undefined without one. It
   * `isDue` where its finder was chosen to refresh it in the background (XFetch), as if it had been read from the store.
   */
  find(key: string, tags: readonly string[] | undefined, nowMs?: number): NearEntry | undefined;
  /** The same past its age and ttl, for want of anything better, up to its `staleIfErrorMs`. */
  findStale(key: string, tags: readonly string[]): NearEntry | undefined;
  /** To be called before a read is sent whose entry is to be kept, and told with it. */
  beginRead(): ReadMark;
  endRead(): void;
  /** Keeps an entry that was read, unless it, or a tag of it, was taken away since the read was sent. */
  keep(key: string, entry: Entry, mark: ReadMark): void;
  evict(tags: readonly string[]): void;
  delete(key: string): void;
  clear(): void;
  /** Whether new entries are taken: only while pushes come. */
  isOpen: boolean;
  /** Until then (on `performance.now()`'s clock) pushes are known to be complete. */
  confirm(sentAtMs: number): void;
}

/** What an entry costs beside its key, tags and value. */
const OVERHEAD_BYTES = 300;

/** Past so many that were taken away under reads, all counts as taken away. */
const MOST_NAMES = 10_000;

export function createNearCache(
  { maxEntries, maxBytes, maxAgeMs }: NearSettings,
  codec: Codec,
  storeNow: () => number,
  earlyRefresh: number,
): NearCache {
  /** What `bounded` holds, to be found at a tenth of what it takes to be found there. */
  const kept = new Map<string, NearEntry>();
  const keysOfTag = new Map<string, Set<string>>();
  /** What was taken away while reads are under way, by the mark of the time; but see `allTakenAt`. */
  const takenAway = new Map<string, ReadMark>();
  let mark: ReadMark = 0;
  let reads = 0;
  /** No read that was sent before brings anything in. */
  let allTakenAt: ReadMark = 0;
  /** Pushes are known to be complete enough until then. */
  let coveredUntilMs = Number.NEGATIVE_INFINITY;
  let isOpen = false;
  let handedOut = 0;
  let keeps = 0;

  const bounded = new LRUCache<string, NearEntry>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: sizeOf,
    dispose(one, key) {
      if (kept.get(key) === one) kept.delete(key);
      for (const tag of one.tags) {
        const keys = keysOfTag.get(tag);
        if (keys?.delete(key) && keys.size === 0) keysOfTag.delete(tag);
      }
    },
  });

  function take(name: string): void {
    mark += 1;
    if (reads === 0) return;
    takenAway.set(name, mark);
    if (takenAway.size > MOST_NAMES) takeAll();
  }

  /** Reads may overlap without end, so what is remembered for them has one: those under way keep nothing then. */
  function takeAll(): void {
    allTakenAt = mark;
    takenAway.clear();
  }

  /** A new value for each caller, or one that no caller can damage. */
  function decode(one: NearEntry, bytes: Uint8Array): boolean {
    try {
      one.value = codec.decode({ format: one.format, bytes });
    } catch {
      // The store's own copy is looked at, and reported.
      return false;
    }
    if (!one.mustCopy && freezeWhole(one.value)) one.bytes = undefined;
    else one.mustCopy = true;
    return true;
  }

  function handOut(key: string, one: NearEntry, nowMs: number): NearEntry | undefined {
    if (one.bytes && !decode(one, one.bytes)) return undefined;
    one.foundAtMs = nowMs;
    one.isDue =
      nowMs >= one.dueFromMs &&
      shouldRefreshEarly(one.loadMs, one.freshUntilMs, nowMs, earlyRefresh);
    handedOut += 1;
    if (one.usedAt !== keeps) {
      one.usedAt = keeps;
      bounded.get(key);
    }
    return one;
  }

  function isFor(one: NearEntry, tags: readonly string[] | undefined): boolean {
    if (one.filedUnder === tags) return true;
    if (!isFiledUnder(one.tags, tags)) return false;
    // A list that may change might be another one the next time.
    if (Object.isFrozen(tags)) one.filedUnder = tags;
    return true;
  }

  return {
    get handedOut() {
      return handedOut;
    },
    get isOpen() {
      return isOpen;
    },
    set isOpen(open) {
      isOpen = open;
    },
    find(key, tags, nowMs = wholeNow()) {
      const one = kept.get(key);
      if (!one || nowMs >= one.goodUntilMs || nowMs >= coveredUntilMs) return undefined;
      return isFor(one, tags) ? handOut(key, one, nowMs) : undefined;
    },
    findStale(key, tags) {
      const one = kept.get(key);
      if (!one || !isFor(one, tags)) return undefined;
      const nowMs = wholeNow();
      return nowMs < one.staleUntilMs ? handOut(key, one, nowMs) : undefined;
    },
    beginRead() {
      reads += 1;
      return mark;
    },
    endRead() {
      reads -= 1;
      if (reads === 0) takenAway.clear();
    },
    keep(key, entry, since) {
      if (!isOpen || allTakenAt > since) return;
      const isGone = (name: string) => (takenAway.get(name) ?? 0) > since;
      if (isGone(`key:${key}`) || entry.tags.some((tag) => isGone(`tag:${tag}`))) return;
      const nowMs = performance.now();
      const bornAtMs = nowMs + entry.birthMs - storeNow();
      if (bornAtMs + entry.ttlMs <= nowMs) return;
      keeps += 1;
      const one = new NearEntry(entry, { nowMs, bornAtMs, maxAgeMs, earlyRefresh, usedAt: keeps });
      bounded.set(key, one);
      // One that is larger than all of the room is not taken.
      if (!bounded.has(key)) return;
      kept.set(key, one);
      for (const tag of entry.tags) {
        const keys = keysOfTag.get(tag) ?? new Set();
        keysOfTag.set(tag, keys.add(key));
      }
    },
    evict(tags) {
      for (const tag of tags) {
        take(`tag:${tag}`);
        for (const key of [...(keysOfTag.get(tag) ?? [])]) bounded.delete(key);
      }
    },
    delete(key) {
      take(`key:${key}`);
      bounded.delete(key);
    },
    clear() {
      mark += 1;
      takeAll();
      bounded.clear();
    },
    confirm(sentAtMs) {
      coveredUntilMs = Math.max(coveredUntilMs, Math.floor(sentAtMs + maxAgeMs));
    },
  };
}

function sizeOf({ tags, bytes }: NearEntry, key: string): number {
  const names = tags.reduce((sum, tag) => sum + tag.length, 0);
  // Decoded, a value takes more than its encoding; how much more, nothing tells.
  return OVERHEAD_BYTES + 2 * (key.length + names) + 2 * (bytes?.byteLength ?? 0);
}
