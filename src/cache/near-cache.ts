import { LRUCache } from "lru-cache";
import { isFiledUnder } from "./answers.js";
import type { Codec } from "./codec.js";
import { shouldRefreshEarly } from "./early-refresh.js";
import { freezeWhole } from "./freeze-whole.js";
import type { Position } from "./position.js";
import type { Entry } from "./store.js";

export interface NearSettings {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** A value at hand, and good until the next call of `find`. Nothing is made for a hit that need not be. */
export interface NearHit {
  readonly value: unknown;
  readonly tags: readonly string[];
  readonly since: Position | undefined;
  /** On `performance.now()`'s clock, as are all of its times. */
  readonly bornAtMs: number;
  readonly freshUntilMs: number;
  readonly foundAtMs: number;
}

/** When a read was sent, by what had been told until then. */
export type ReadMark = number;

/**
 * This process's bounded copies of hot entries. Whatever is told of a key or tag takes them away; and since a push may
 * be lost, none serves for longer than `maxAgeMs` past its last look at the store, nor past the last moment at which
 * the pushes were known to be complete.
 */
export interface NearCache {
  /** How many values were handed out; what a load saw of them is as old as the pushes were then. */
  readonly handedOut: number;
  /** An entry that is filed under all these tags, and fresh at `nowMs` (default: now); undefined without one. */
  find(key: string, tags: readonly string[] | undefined, nowMs?: number): NearHit | undefined;
  /** Whether its finder was chosen to refresh it in the background (XFetch), as if it had been read from the store. */
  wantsRefresh(hit: NearHit): boolean;
  /** The same past its age and ttl, for want of anything better, up to its `staleIfErrorMs`. */
  findStale(key: string, tags: readonly string[]): NearHit | undefined;
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

interface Kept extends NearHit {
  readonly tags: readonly string[];
  readonly format: number;
  readonly loadMs: number;
  readonly keptAtMs: number;
  readonly staleUntilMs: number;
  foundAtMs: number;
  /** How many had been kept when it last counted as used: only who comes next makes that matter. */
  usedAt: number;
  /** The one frozen value that all get; else the copy of the last that found it. */
  value: unknown;
  /** Until it is first handed out, and for good where it cannot be frozen. */
  bytes: Uint8Array | undefined;
  mustCopy: boolean;
}

/** What an entry costs beside its key, tags and value. */
const OVERHEAD_BYTES = 300;

export function createNearCache(
  { maxEntries, maxBytes, maxAgeMs }: NearSettings,
  codec: Codec,
  storeNow: () => number,
  earlyRefresh: number,
): NearCache {
  /** What `bounded` holds, to be found at a tenth of what it takes to be found there. */
  const kept = new Map<string, Kept>();
  const keysOfTag = new Map<string, Set<string>>();
  /** What was taken away while reads are under way, by the mark of the time. */
  const takenAway = new Map<string, ReadMark>();
  let mark: ReadMark = 0;
  let reads = 0;
  let allTakenAt: ReadMark = 0;
  let confirmedAtMs = Number.NEGATIVE_INFINITY;
  let isOpen = false;
  let handedOut = 0;
  let keeps = 0;

  const bounded = new LRUCache<string, Kept>({
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
    if (reads > 0) takenAway.set(name, mark);
  }

  /** A new value for each caller, or one that no caller can damage. */
  function decode(one: Kept, bytes: Uint8Array): boolean {
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

  function handOut(key: string, one: Kept, nowMs: number): NearHit | undefined {
    if (one.bytes && !decode(one, one.bytes)) return undefined;
    one.foundAtMs = nowMs;
    handedOut += 1;
    if (one.usedAt !== keeps) {
      one.usedAt = keeps;
      bounded.get(key);
    }
    return one;
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
    find(key, tags, nowMs = performance.now()) {
      const one = kept.get(key);
      if (!one || !isFiledUnder(one.tags, tags)) return undefined;
      const oldestMs = nowMs - maxAgeMs;
      if (nowMs >= one.freshUntilMs || one.keptAtMs <= oldestMs || confirmedAtMs <= oldestMs) {
        return undefined;
      }
      return handOut(key, one, nowMs);
    },
    findStale(key, tags) {
      const one = kept.get(key);
      if (!one || !isFiledUnder(one.tags, tags)) return undefined;
      const now = performance.now();
      return now < one.staleUntilMs ? handOut(key, one, now) : undefined;
    },
    wantsRefresh(hit) {
      const { foundAtMs, freshUntilMs, loadMs } = hit as Kept;
      const isNear = freshUntilMs - foundAtMs < loadMs * earlyRefresh * LIKELY_EARLY;
      return isNear && shouldRefreshEarly(loadMs, freshUntilMs, foundAtMs, earlyRefresh);
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
      const now = performance.now();
      const bornAtMs = now + entry.birthMs - storeNow();
      const freshUntilMs = bornAtMs + entry.ttlMs;
      if (freshUntilMs <= now) return;
      keeps += 1;
      const one: Kept = {
        tags: entry.tags,
        format: entry.format,
        loadMs: entry.loadMs,
        since: entry.since,
        bornAtMs,
        keptAtMs: now,
        freshUntilMs,
        staleUntilMs: freshUntilMs + entry.staleIfErrorMs,
        foundAtMs: now,
        usedAt: keeps,
        value: undefined,
        // What was read is a view of all that came with it.
        bytes: new Uint8Array(entry.value),
        mustCopy: false,
      };
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
      allTakenAt = mark;
      bounded.clear();
    },
    confirm(sentAtMs) {
      confirmedAtMs = Math.max(confirmedAtMs, sentAtMs);
    },
  };
}

/** So many times its load before its end, an entry is refreshed with a chance of one in 20,000: not worth a dice. */
const LIKELY_EARLY = 10;

function sizeOf({ tags, bytes }: Kept, key: string): number {
  const names = tags.reduce((sum, tag) => sum + tag.length, 0);
  // Decoded, a value takes more than its encoding; how much more, nothing tells.
  return OVERHEAD_BYTES + 2 * (key.length + names) + 2 * (bytes?.byteLength ?? 0);
}
