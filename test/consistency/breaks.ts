import type { EntryDraft } from "../../src/cache/entry.js";
import type { Position } from "../../src/cache/position.js";
import { randomId } from "../../src/cache/random.js";
import type { Reading, Snapshot, Store } from "../../src/cache/store.js";
import type { Finding } from "./judge.js";

/** One safeguard of the engine, turned off by a store that lies to it. */
export interface Break {
  readonly what: string;
  /** What must be found then. */
  readonly shows: Finding;
  /** It shows only where replicas are promoted. */
  readonly needsFailovers?: true;
  /** It shows only in near caches, which then serve for so many times as long as they are thought to. */
  readonly nearAgeTimes?: number;
  readonly sabotage: (store: Store) => Partial<Store>;
}

export const breaks = {
  "late versions": {
    what: "entries are filed under the versions that their tags have at the commit, not before the load",
    shows: "stale",
    sabotage: (store) => ({
      async commit(key, token, draft) {
        const { nonces } = await store.snapshot(draft.tags);
        return store.commit(key, token, {
          ...draft,
          nonces: draft.tags.map((tag) => nonces.get(tag)!),
        });
      },
    }),
  },
  "unchecked versions": {
    what: "an entry is valid whatever the versions of its tags",
    shows: "stale",
    sabotage: (store) => ({
      read: async (key, tags) => {
        const reading = await store.read(key, tags);
        return { ...plain(reading), valid: reading.entry !== undefined };
      },
    }),
  },
  "trusted losses": {
    what: "a tag whose version was lost counts as unmoved",
    shows: "stale",
    sabotage: (store) => ({
      async read(key, tags) {
        const reading = await store.read(key, tags);
        const { entry } = reading;
        if (!entry || reading.valid) return reading;
        const { versions } = await store.read(key, entry.tags);
        const unmoved = entry.tags.every((tag, index) => {
          const nonce = versions.get(tag);
          return nonce === undefined || nonce === entry.nonces[index];
        });
        return { ...plain(reading), valid: unmoved };
      },
    }),
  },
  "late writers": {
    what: "a commit goes through whoever holds the lease",
    shows: "stale",
    sabotage: (store) => ({
      async commit(key, token, draft) {
        const birth = await store.commit(key, token, draft);
        return birth ?? commitAnyway(store, key, draft);
      },
    }),
  },
  "shared leases": {
    what: "a lease is granted over another that holds, and nobody sees it",
    shows: "overlaps",
    sabotage: (store) => ({
      async read(key, tags) {
        return { ...plain(await store.read(key, tags)), lease: undefined };
      },
      takeLease: (request) => store.takeLease({ ...request, over: "any" }),
    }),
  },
  "short leases": {
    what: "a lease is not renewed",
    shows: "overlaps",
    sabotage: () => ({ renewLease: async () => true }),
  },
  "surviving leases": {
    what: "the deletion of a key that is being filled leaves the fill alone",
    shows: "stale",
    sabotage: (store) => ({
      async delete(key) {
        const { lease } = await store.read(key, []);
        if (!lease) await store.delete(key);
      },
    }),
  },
  "joined doom": {
    what: "a reader joins a load of its process, whatever was evicted since it began",
    shows: "stale",
    sabotage: (store) => ({
      async read(key, tags) {
        return { ...plain(await store.read(key, tags)), sequence: 0 };
      },
    }),
  },
  "ageless operations": {
    what: "what an operation remembered from before an eviction is stored as if it were new",
    shows: "stale",
    sabotage: (store) => ({
      async takeLease(request) {
        const grant = await store.takeLease(request);
        return grant.taken ? { ...grant, snapshot: neverMoved(grant.snapshot) } : grant;
      },
    }),
  },
  "forgotten deletions": {
    what: "what an operation remembered from before its key was deleted is stored as if it were new",
    shows: "stale",
    sabotage: (store) => ({
      async takeLease(request) {
        const grant = await store.takeLease(request);
        return grant.taken
          ? { ...grant, snapshot: { ...grant.snapshot, deletedAt: undefined } }
          : grant;
      },
    }),
  },
  "unchecked results": {
    what: "a tag known only from the result may have been evicted while the load ran",
    shows: "stale",
    sabotage: (store) => ({
      snapshot: async (tags) => neverMoved(await store.snapshot(tags)),
    }),
  },
  "forgotten evictions": {
    what: "an eviction that could not be delivered is dropped when the store is back",
    shows: "stale",
    sabotage: (store) => {
      // The engine asks for a sign of life, or is told of a node's return, and delivers before it does anything else.
      let isDelivering = false;
      return {
        async ping() {
          await store.ping();
          isDelivering = true;
        },
        onNode(lost, back) {
          store.onNode?.(lost, (address) => {
            isDelivering = true;
            back(address);
          });
        },
        read(key, tags) {
          isDelivering = false;
          return store.read(key, tags);
        },
        async evict(tags) {
          if (!isDelivering) return store.evict(tags);
          return { position: await store.readPosition(), entries: 0, versions: new Map() };
        },
      };
    },
  },
  "early receipts": {
    what: "an eviction is acknowledged before it is carried out",
    shows: "stale",
    sabotage: (store) => ({
      async evict(tags) {
        const position = await store.readPosition();
        setTimeout(() => store.evict(tags).catch(() => {}), 30);
        return { position, entries: 0, versions: new Map() };
      },
    }),
  },
  "unseen promotions": {
    what: "that a server was replaced by one that may lack evictions is not noticed",
    shows: "unpaid",
    needsFailovers: true,
    sabotage: () => ({ onPromotion: () => {} }),
  },
  "lost reissues": {
    what: "what was evicted before a promotion is not issued again after it",
    shows: "unpaid",
    needsFailovers: true,
    sabotage: (store) => {
      let isOwing = false;
      return {
        onPromotion(listener) {
          store.onPromotion?.((lostAtMs) => {
            isOwing = true;
            listener(lostAtMs);
          });
        },
        read(key, tags) {
          isOwing = false;
          return store.read(key, tags);
        },
        async evict(tags) {
          if (!isOwing) return store.evict(tags);
          return { position: await store.readPosition(), entries: 0, versions: new Map() };
        },
      };
    },
  },
  "forgotten leases": {
    what: "for four seconds after a promotion, leases count for nothing",
    shows: "overlaps",
    needsFailovers: true,
    sabotage: (store) => {
      let untilMs = 0;
      const areForgotten = () => performance.now() < untilMs;
      return {
        onPromotion(listener) {
          store.onPromotion?.((lostAtMs) => {
            untilMs = performance.now() + 4000;
            listener(lostAtMs);
          });
        },
        async read(key, tags) {
          const reading = await store.read(key, tags);
          return areForgotten() ? { ...plain(reading), lease: undefined } : reading;
        },
        takeLease: (request) =>
          store.takeLease(areForgotten() ? { ...request, over: "any" } : request),
      };
    },
  },
  "unheard pushes": {
    what: "near caches hear of nothing, and keep what they have for far too long",
    shows: "stale",
    nearAgeTimes: 10,
    sabotage: (store) => ({
      listen(listener) {
        listener.onOpen();
        return store.listen!({ ...listener, onTag() {}, onKey() {}, onGap() {}, onOpen() {} });
      },
    }),
  },
} satisfies Record<string, Break>;

export type BreakName = keyof typeof breaks;

export const breakNames = Object.keys(breaks) as BreakName[];

export function isBreak(name: string): name is BreakName {
  return Object.hasOwn(breaks, name);
}

/** True for a break that shows only where replicas are promoted. */
export function needsFailovers(name: BreakName | undefined): boolean {
  const chosen: Break | undefined = name && breaks[name];
  return chosen?.needsFailovers ?? false;
}

/** For a break that shows only in near caches: how many times too long they serve. */
export function nearAgeTimes(name: BreakName | undefined): number | undefined {
  const chosen: Break | undefined = name && breaks[name];
  return chosen?.nearAgeTimes;
}

export function sabotage(name: BreakName, store: Store): Store {
  const chosen: Break = breaks[name];
  return { ...store, ...chosen.sabotage(store) };
}

/** A reading's own properties may be computed, which a spread would miss. */
function plain(reading: Reading): Reading {
  const { sequence, token, entry, valid, lease, pass, doomed, versions } = reading;
  const isCoveredBy = (since: Position) => reading.isCoveredBy(since);
  return { sequence, token, entry, valid, lease, pass, doomed, versions, isCoveredBy };
}

async function commitAnyway(store: Store, key: string, draft: EntryDraft) {
  const token = randomId();
  await store.takeLease({ key, tags: [], token, leaseMs: 1000, over: "any" });
  return store.commit(key, token, draft);
}

function neverMoved(snapshot: Snapshot): Snapshot {
  const beginning: Position = { epoch: snapshot.head.epoch, n: 0 };
  return {
    ...snapshot,
    floors: new Map([...snapshot.floors.keys()].map((tag) => [tag, beginning])),
  };
}
