import { checkOptionNames } from "../checks.js";
import { createStorage } from "../create-storage.js";
import { InvalidStorageValueError } from "../errors.js";
import type { Storage } from "../storage.js";
import { createExpiringMap, type ExpiringMap } from "./expiring-map.js";
import { createMemoryCounters } from "./memory-counters.js";
import { createMemoryHashes } from "./memory-hashes.js";
import { createMemorySets } from "./memory-sets.js";
import { createMemorySortedSets } from "./memory-sorted-sets.js";
import type { OrderedMembers } from "./ordered-members.js";

export interface MemoryStorageOptions {
  /** Records, sets or counters kept of each name; beyond it the least recently used goes. Default 10,000, at most 10,000,000. */
  maxEntries?: number;
  /** Milliseconds since the epoch, never 0. Default `Date.now`. */
  now?: () => number;
}

/** Room for the names of all is made at once. */
const MOST_ENTRIES = 10_000_000;

const KNOWN: Readonly<Record<keyof MemoryStorageOptions, true>> = {
  maxEntries: true,
  now: true,
};

/** The structures in this process, for one process without Redis, and gone with it. */
export function createMemoryStorage(options: MemoryStorageOptions = {}): Storage {
  checkOptionNames("createMemoryStorage", options, KNOWN);
  const { maxEntries = 10_000, now = Date.now } = options;
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1 || maxEntries > MOST_ENTRIES) {
    throw new InvalidStorageValueError(
      `maxEntries must be a whole number from 1 to ${MOST_ENTRIES}, but ${maxEntries} came.`,
    );
  }
  // Each name has a bound of its own, so that a flood of one kind drives out nothing of another.
  const byName = <T extends object>() => {
    const maps = new Map<string, ExpiringMap<T>>();
    return (name: string): ExpiringMap<T> => {
      const map = maps.get(name) ?? createExpiringMap<T>({ maxEntries, now });
      maps.set(name, map);
      return map;
    };
  };
  const hashes = byName<Map<string, string>>();
  const sortedSets = byName<OrderedMembers>();
  const sets = byName<OrderedMembers>();
  const counters = byName<{ value: number }>();

  return createStorage({
    hashes: (name, indexes) => createMemoryHashes(hashes(name), indexes),
    sortedSets: (name, order) => createMemorySortedSets(sortedSets(name), order),
    sets: (name) => createMemorySets(sets(name)),
    counters: (name) => createMemoryCounters(counters(name)),
  });
}
