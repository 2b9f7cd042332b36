import { keySlot } from "../../key-slot.js";
import { isLockKey } from "../lock-key.js";
import { nameIn } from "./slots.js";

/** Every name that the cache uses in Redis: keys and channels. */
export interface Keys {
  readonly prefix: string;
  /** V(k): head and body of an entry, or the lease of a lock. */
  entry(key: string): string;
  /** What a name of V(k) says of its key; undefined for other names. */
  keyOfEntry(name: string): string | undefined;
  /** When a key was deleted last. In the slot of V(k), so that what is asked for behind its lease stays behind it. */
  deletion(key: string): string;
  /** T(t): a tag's version. */
  tag(tag: string): string;
  /** What the name of I(t, nonce) begins with; the nonce follows. In the slot of T(t). */
  indexBase(tag: string): string;
  /** Index generations that wait to be freed. In the slot of T(t). */
  pending(tag: string): string;
  /** All lists of pending generations. */
  allPending(): string[];
  /** A name in T(t)'s slot that nothing is kept under: what is asked of the slot's server is asked with it. */
  mark(tag: string): string;
  /** All such names. */
  allMarks(): string[];
  /** As a mark, in this slot, unless the prefix has a slot of its own, as one with braces does. */
  markIn(slot: number): string;
  /** W(k): the key's pending write, as of `writeBehind`. In the slot of V(k), as `deletion`. */
  pin(key: string): string;
  /** The stream of a queue's pending writes. */
  queue(name: string): string;
  /** The stream of those that were given up. In the slot of the first. */
  buried(name: string): string;
  /** L: the eviction log. */
  readonly log: string;
  /** The counter of fencing tokens. */
  readonly fence: string;
  /** True for what clear() leaves alone: the log, what belongs to locks, and what the origin does not have yet. */
  outlivesClear(name: string): boolean;
  /** Channel on which evictions of tags are told. */
  readonly evictions: string;
  /** Channel on which the end of a fill is told. */
  wake(key: string): string;
  /** Pattern of all such channels. */
  readonly everyWake: string;
}

/**
 * Tags are spread over so many slots of a cluster; what belongs to one tag, and the list of what is to be freed,
 * share a slot, and all such lists can be visited without looking for them.
 */
const BUCKETS = 64;

/** @param database of a single server: its databases have their own keys, but share all channels */
export function createKeys(prefix: string, database = 0): Keys {
  const entries = `${prefix}v:`;
  const queues = `${prefix}q:`;
  const channels = database === 0 ? prefix : `${prefix}@${database}:`;
  /** A name in the slot of V(k), by whether the cluster takes that slot from a part of the name. */
  function besides(key: string, ifTagged: string, ifNot: string): string {
    const name = entries + key;
    // Names of the three forms differ, whatever the keys.
    if (HASH_TAG.test(name)) return prefix + ifTagged + key;
    if (!name.includes("}")) return `${prefix}${ifNot}{${name}}`;
    return `${prefix}${ifNot}{${nameIn(keySlot(name))}}${key}`;
  }

  return {
    prefix,
    entry: (key) => (isLockKey(key) ? prefix + key.slice(1) : entries + key),
    keyOfEntry: (name) => (name.startsWith(entries) ? name.slice(entries.length) : undefined),
    deletion: (key) => besides(key, "e:", "d:"),
    tag: (tag) => `${prefix}t:{${bucketOf(tag)}}${tag}`,
    indexBase: (tag) => `${prefix}i:{${bucketOf(tag)}}${tag}:`,
    pending: (tag) => `${prefix}p:{${bucketOf(tag)}}`,
    allPending: () => Array.from({ length: BUCKETS }, (_, bucket) => `${prefix}p:{${bucket}}`),
    mark: (tag) => `${prefix}m:{${bucketOf(tag)}}`,
    allMarks: () => Array.from({ length: BUCKETS }, (_, bucket) => `${prefix}m:{${bucket}}`),
    markIn: (slot) => `${prefix}m:{${nameIn(slot)}}`,
    pin: (key) => besides(key, "w:", "x:"),
    queue: (name) => `${queues}{${encodeURIComponent(name)}}`,
    buried: (name) => `${queues}{${encodeURIComponent(name)}}:buried`,
    log: `${prefix}log`,
    fence: `${prefix}fence`,
    outlivesClear: (name) =>
      name === `${prefix}log` ||
      name === `${prefix}fence` ||
      [`${prefix}lock:`, `${prefix}w:`, `${prefix}x:`, queues].some((beginning) =>
        name.startsWith(beginning),
      ),
    evictions: `${channels}evictions`,
    wake: (key) => `${channels}wake:${key}`,
    everyWake: `${escapePattern(channels)}wake:*`,
  };
}

/** What a cluster takes the slot of a name from, where there is one. */
const HASH_TAG = /^[^{]*\{[^}]+\}/;

/** A text as a pattern of SCAN and PSUBSCRIBE that matches nothing else. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, "\\$&");
}

/** FNV-1a; part of the stored format, so it must never change. */
function bucketOf(tag: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < tag.length; index += 1) {
    hash = Math.imul(hash ^ tag.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % BUCKETS;
}
