import type { Entry, Nonce } from "./entry.js";
import { isCoveredBy, isPast, type Position } from "./position.js";
import { randomId } from "./random.js";
import type { EvictedVersion, Snapshot } from "./store.js";

/** The versions of tags in this process, and which entries are filed under each. */
export interface MemoryTags {
  /** Those of the tags that have a version. */
  versionsOf(names: readonly string[]): ReadonlyMap<string, Nonce>;
  /** Whether every tag of the entry has the version that it was loaded under. */
  hold(entry: Entry): boolean;
  /** Whether one of them was evicted past this position, or lost. */
  haveMoved(names: readonly string[], since: Position): boolean;
  /** Whether no eviction of any of them can have escaped somebody who knows the log up to then. */
  areCovered(names: readonly string[], since: Position): boolean;
  /**
   * The versions, made where there are none, as of this head of the log.
   *
   * @param deletedAt of the key that the snapshot is for
   */
  claim(names: readonly string[], head: Position, deletedAt?: Position): Snapshot;
  /** Keeps what has no entries yet, for the fills that took it into their snapshot. */
  renew(names: readonly string[]): void;
  file(key: string, entry: Entry): void;
  unfile(key: string, entry: Entry): void;
  /** Gives each a new version at this position; the keys that were filed under the old ones, tag by tag. */
  evict(names: readonly string[], position: Position): Evicted;
  /** Forgets those that nobody needs any more; it walks past no others. */
  sweep(): void;
  clear(): void;
}

interface Evicted {
  readonly filed: ReadonlyArray<ReadonlySet<string>>;
  readonly versions: ReadonlyMap<string, EvictedVersion>;
}

interface Tag {
  nonce: Nonce;
  /** No eviction of the tag before this version is past it. */
  floor: Position;
  /** Set when an eviction made this version. */
  evictedAt?: Position;
  /** The keys of the entries filed under this version. */
  keys: Set<string>;
  keptUntilMs: number;
}

const IDLE_LIFE_MS = 60_000;
/** Past so many for each entry that there is room for, the oldest of them are forgotten before that. */
const IDLE_AN_ENTRY = 10;
/** But of so many none: what a fill stores under a tag that was forgotten meanwhile is not valid. */
const LEAST_IDLE = 10_000;
/** How far past that they come before some are forgotten. */
const ROOM = 1.1;
const NO_KEYS: ReadonlySet<string> = new Set();

/** What depends on a version that was forgotten is a miss, as if the tag had been evicted. */
export function createMemoryTags(now: () => number, maxEntries: number): MemoryTags {
  const mostIdle = Math.max(LEAST_IDLE, maxEntries * IDLE_AN_ENTRY);
  const tags = new Map<string, Tag>();
  /** Those that no entry is filed under, in the order in which they are forgotten. */
  const idle = new Map<string, Tag>();

  /** Keeps it for a while, where no entry does. */
  function keep(name: string, tag: Tag): void {
    if (tag.keys.size > 0) return;
    tag.keptUntilMs = now() + IDLE_LIFE_MS;
    idle.delete(name);
    idle.set(name, tag);
    if (idle.size > mostIdle * ROOM) forgetOldest();
  }

  /** Many at once: a map is walked from its beginning, past the places of all that went since it was last rebuilt. */
  function forgetOldest(): void {
    for (const name of idle.keys()) {
      if (idle.size <= mostIdle) return;
      forget(name);
    }
  }

  function forget(name: string): void {
    idle.delete(name);
    tags.delete(name);
  }

  return {
    versionsOf(names) {
      const versions = new Map<string, Nonce>();
      for (const name of names) {
        const tag = tags.get(name);
        if (tag) versions.set(name, tag.nonce);
      }
      return versions;
    },
    hold: (entry) => entry.tags.every((name, at) => tags.get(name)?.nonce === entry.nonces[at]),
    haveMoved: (names, since) => names.some((name) => hasMoved(tags.get(name), since)),
    areCovered: (names, since) =>
      names.every((name) => {
        const tag = tags.get(name);
        return tag !== undefined && isCoveredBy(tag.floor, since);
      }),
    claim(names, head, deletedAt) {
      const nonces = new Map<string, Nonce>();
      const floors = new Map<string, Position>();
      for (const name of names) {
        const tag = tags.get(name) ?? {
          nonce: randomId(),
          floor: head,
          keys: new Set(),
          keptUntilMs: 0,
        };
        tags.set(name, tag);
        keep(name, tag);
        nonces.set(name, tag.nonce);
        floors.set(name, tag.floor);
      }
      return { nonces, floors, head, deletedAt };
    },
    renew(names) {
      for (const name of names) {
        const tag = tags.get(name);
        if (tag) keep(name, tag);
      }
    },
    file(key, entry) {
      // Under the versions it was loaded under, and no others: an eviction meanwhile has moved on from these.
      entry.tags.forEach((name, at) => {
        const tag = tags.get(name);
        if (tag?.nonce !== entry.nonces[at]) return;
        tag?.keys.add(key);
        idle.delete(name);
      });
    },
    unfile(key, entry) {
      for (const name of entry.tags) {
        const tag = tags.get(name);
        if (tag?.keys.delete(key)) keep(name, tag);
      }
    },
    evict(names, position) {
      const filed = names.map((name) => tags.get(name)?.keys ?? NO_KEYS);
      const versions = new Map<string, EvictedVersion>();
      for (const name of names) {
        const nonce = randomId();
        versions.set(name, { before: tags.get(name)?.nonce, after: nonce });
        const tag: Tag = {
          nonce,
          floor: position,
          evictedAt: position,
          keys: new Set(),
          keptUntilMs: 0,
        };
        tags.set(name, tag);
        keep(name, tag);
      }
      return { filed, versions };
    },
    sweep() {
      const atMs = now();
      for (const [name, { keptUntilMs }] of idle) {
        if (keptUntilMs > atMs) break;
        forget(name);
      }
    },
    clear() {
      tags.clear();
      idle.clear();
    },
  };
}

/** An absent tag was evicted or lost; either way nothing loaded under its old version is valid any more. */
function hasMoved(tag: Tag | undefined, since: Position): boolean {
  return tag === undefined || (tag.evictedAt !== undefined && isPast(tag.evictedAt, since));
}
