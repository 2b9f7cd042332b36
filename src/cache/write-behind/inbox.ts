import type { Delivery } from "./queue.js";

/** All that this process holds of one key: the newest write stands for the older ones. */
export interface Work {
  readonly newest: Delivery;
  /** Of older writes, which are settled with it. */
  readonly olderIds: readonly string[];
  /** On `performance.now()`'s clock. */
  readonly dueAtMs: number;
  /** How many keys it may share a batch with: a batch that failed as a whole comes back in halves. */
  readonly together: number;
}

/** What was handed to this process and is not settled, by key. */
export interface Inbox {
  readonly size: number;
  /** Due at once. A newer write of a key takes the place of older ones, and of their failures. */
  add(delivery: Delivery): void;
  /** What was taken and is to be tried again. */
  putBack(work: Work): void;
  /** Takes at most `count` keys that are due and may be written together, the longest due first. */
  take(nowMs: number, count: number): Work[];
  all(): IterableIterator<Work>;
  /** When the next is due; Infinity for none. */
  nextDueAtMs(): number;
  /** All are due now. */
  hurry(): void;
  clear(): void;
}

export function createInbox(): Inbox {
  const byKey = new Map<string, Work>();

  function merge(work: Work): void {
    const { key } = work.newest.write;
    const there = byKey.get(key);
    if (!there) {
      byKey.set(key, work);
      return;
    }
    const [newer, older] =
      work.newest.sequence > there.newest.sequence ? [work, there] : [there, work];
    const olderIds = new Set([...newer.olderIds, ...older.olderIds, older.newest.id]);
    olderIds.delete(newer.newest.id);
    byKey.set(key, { ...newer, olderIds: [...olderIds] });
  }

  return {
    get size() {
      return byKey.size;
    },
    add(delivery) {
      const dueAtMs = performance.now();
      merge({ newest: delivery, olderIds: [], dueAtMs, together: Number.POSITIVE_INFINITY });
    },
    putBack: merge,
    take(nowMs, count) {
      const due = [...byKey.values()]
        .filter(({ dueAtMs }) => dueAtMs <= nowMs)
        .sort((a, b) => a.dueAtMs - b.dueAtMs || a.newest.sequence - b.newest.sequence);
      const [first] = due;
      if (!first) return [];
      const taken = due
        .filter(({ together }) => together === first.together)
        .slice(0, Math.min(count, first.together));
      for (const { newest } of taken) byKey.delete(newest.write.key);
      return taken;
    },
    all: () => byKey.values(),
    nextDueAtMs: () => Math.min(...[...byKey.values()].map(({ dueAtMs }) => dueAtMs)),
    hurry() {
      for (const [key, work] of byKey) byKey.set(key, { ...work, dueAtMs: 0 });
    },
    clear: () => byKey.clear(),
  };
}
