import { LRUCache } from "lru-cache";
import { createDueList } from "./due-list.js";
import type { Entry, Token } from "./entry.js";
import { isLockKey } from "./lock-key.js";
import { endOf, MemoryEntry, sizeOf } from "./memory-entry.js";
import { createMemoryTags } from "./memory-tags.js";
import { lastOf, type Position } from "./position.js";
import { randomEpoch } from "./random.js";
import { nextSequence } from "./sequence.js";
import {
  DELETION_KEPT_MS,
  type LeaseRequest,
  type Reading,
  type SeenLease,
  type Store,
} from "./store.js";
import { createWakers } from "./wakers.js";
import { createMemoryQueue } from "./write-behind/memory-queue.js";
import { createMemoryPins } from "./write-behind/pins.js";
import type { WriteQueue } from "./write-behind/queue.js";

export interface MemoryStoreOptions {
  maxEntries: number;
  /** Keys, tags and values together. */
  maxBytes: number;
}

/** What stands in the head of a key: somebody fills it, or the last load left nothing to store. */
interface Hold {
  kind: "lease" | "pass";
  token: Token;
  deadlineMs: number;
  /** The log's head when the lease was taken. */
  position: Position;
}

const SWEEP_EVERY_MS = 1000;

/** The same promises as the Redis store, for one process: every method does its work before it returns. */
export function createMemoryStore(options: MemoryStoreOptions): Store {
  const holds = new Map<string, Hold>();
  const tags = createMemoryTags(monotonicNow, options.maxEntries);
  const ends = createDueList(monotonicNow());
  /** In the order in which they are forgotten. */
  const deletions = new Map<string, { position: Position; keptUntilMs: number }>();
  const wakers = createWakers();
  const pins = createMemoryPins();
  const queues = new Map<string, WriteQueue>();
  let epoch = randomEpoch();
  let n = 0;
  let fence = 0;

  const entries = new LRUCache<string, Entry>({
    max: options.maxEntries,
    maxSize: options.maxBytes,
    sizeCalculation: sizeOf,
    dispose(entry, key) {
      ends.remove(key, endOf(entry));
      tags.unfile(key, entry);
    },
  });

  const sweeper = setInterval(sweep, SWEEP_EVERY_MS);
  sweeper.unref();

  function sweep(): void {
    const now = monotonicNow();
    for (const key of ends.take(now)) entries.delete(key);
    for (const [key, hold] of holds) if (hold.deadlineMs <= now) holds.delete(key);
    for (const [key, { keptUntilMs }] of deletions) {
      if (keptUntilMs > now) break;
      deletions.delete(key);
    }
    tags.sweep();
  }

  const head = (): Position => ({ epoch, n });

  function liveHold(key: string): Hold | undefined {
    const hold = holds.get(key);
    return hold && hold.deadlineMs > monotonicNow() ? hold : undefined;
  }

  /** One that has ended stays until the next sweep. */
  function liveEntry(key: string): Entry | undefined {
    const entry = entries.get(key);
    return entry && endOf(entry) > monotonicNow() ? entry : undefined;
  }

  function tokenOf(key: string, entry: Entry | undefined): Token {
    return holds.get(key)?.token ?? entry?.token ?? "";
  }

  function seenLease(hold: Hold, wanted: readonly string[]): SeenLease {
    return {
      token: hold.token,
      remainingMs: hold.deadlineMs - monotonicNow(),
      doomed: tags.haveMoved(wanted, hold.position),
    };
  }

  function look(key: string, wanted: readonly string[]): Reading {
    const entry = liveEntry(key);
    const hold = liveHold(key);
    const held = hold && seenLease(hold, wanted);
    const lease = hold?.kind === "lease" ? held : undefined;
    return {
      sequence: nextSequence(),
      token: tokenOf(key, entry),
      valid: entry !== undefined && tags.hold(entry),
      pass: hold?.kind === "pass" && held?.doomed === false,
      doomed: held?.doomed === true,
      versions: tags.versionsOf(wanted),
      isCoveredBy: (since) => tags.areCovered(wanted, since),
      entry,
      lease,
    };
  }

  function mayTake(request: LeaseRequest): boolean {
    if (request.over === "any") return true;
    const token = tokenOf(request.key, liveEntry(request.key));
    if (token === "") return true;
    if (token === request.over) return request.overHeld === true || !liveHold(request.key);
    // A dead holder's lease and a spent pass marker stop nobody; an entry that came meanwhile does.
    return holds.has(request.key) && !liveHold(request.key);
  }

  function holdsLease(key: string, token: Token): Hold | undefined {
    const hold = liveHold(key);
    return hold?.kind === "lease" && hold.token === token ? hold : undefined;
  }

  return {
    kind: "memory",
    now: monotonicNow,
    read: async (key, wanted) => look(key, wanted),

    async takeLease(request) {
      const { key, token } = request;
      if (!mayTake(request)) return { taken: false };
      const snapshot = tags.claim(request.tags, head(), deletions.get(key)?.position);
      const deadlineMs = monotonicNow() + request.leaseMs;
      const position = request.outlastsEvictions ? lastOf(snapshot.head) : snapshot.head;
      holds.set(key, { kind: "lease", token, deadlineMs, position });
      const pinned = request.asksPin ? await pins.pinned(key) : undefined;
      return { taken: true, token, snapshot, pinned };
    },

    async renewLease({ key, token, leaseMs, tags: wanted }) {
      const hold = holdsLease(key, token);
      if (!hold) return false;
      tags.renew(wanted);
      hold.deadlineMs = monotonicNow() + leaseMs;
      return true;
    },

    async commit(key, token, draft) {
      if (!holdsLease(key, token)) return undefined;
      const entry = new MemoryEntry(draft, token, monotonicNow());
      // The lease stays for its holder to give up, and for a pass marker.
      if (sizeOf(entry, key) > options.maxBytes) return undefined;
      holds.delete(key);
      entries.set(key, entry);
      ends.add(key, endOf(entry));
      tags.file(key, entry);
      wakers.wake(key);
      return entry.birthMs;
    },

    async releaseLease(key, token, passMs) {
      const hold = holdsLease(key, token);
      if (!hold) return;
      if (passMs > 0) {
        holds.set(key, { ...hold, kind: "pass", deadlineMs: monotonicNow() + passMs });
      } else {
        holds.delete(key);
      }
      wakers.wake(key);
    },

    snapshot: async (wanted) => tags.claim(wanted, head()),

    async evict(names) {
      n += 1;
      const position = head();
      const { filed, versions } = tags.evict(names, position);
      const members = filed.reduce((sum, keys) => sum + keys.size, 0);
      for (const keys of filed) for (const key of keys) entries.delete(key);
      wakers.wakeAll();
      return { position, entries: members, versions };
    },

    async delete(key) {
      n += 1;
      deletions.delete(key);
      deletions.set(key, { position: head(), keptUntilMs: monotonicNow() + DELETION_KEPT_MS });
      holds.delete(key);
      entries.delete(key);
      wakers.wake(key);
    },

    async nextFence() {
      fence = Math.max(fence + 1, Math.floor(monotonicNow() * 1000));
      return fence;
    },

    async clear() {
      epoch = randomEpoch();
      n = 0;
      deletions.clear();
      for (const key of holds.keys()) if (!isLockKey(key)) holds.delete(key);
      entries.clear();
      tags.clear();
      wakers.wakeAll();
    },

    pins,
    queue(name) {
      const queue = queues.get(name) ?? createMemoryQueue();
      queues.set(name, queue);
      return queue;
    },

    knownPosition: head,
    readPosition: async () => head(),
    watch: async (key) => wakers.add(key),
    ping: async () => {},
    estimateEntries: async () => {
      sweep();
      return entries.size;
    },
    problems: () => [],
    notes: () => [],
    close: async () => clearInterval(sweeper),
  };
}

/** Never set back, unlike Date.now(). */
function monotonicNow(): number {
  return performance.timeOrigin + performance.now();
}
