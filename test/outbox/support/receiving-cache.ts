import type { CacheEvent, CacheListener } from "../../../src/cache/events.js";
import type { PostgresOutboxOptions } from "../../../src/outbox/index.js";

/** A cache of which only evictions matter, and whose store may be away. */
export interface ReceivingCache {
  readonly cache: PostgresOutboxOptions["cache"];
  /** The tags of each call, in their order; "*" is a clear. */
  readonly calls: string[][];
  /** Every tag that was delivered, in its order, repetitions included. */
  readonly delivered: string[];
  /** Every tag that it was handed, delivered or not. */
  readonly handed: Set<string>;
  isAway: boolean;
  /** How many listen to its events. */
  readonly listeners: number;
  /** Run before an eviction is carried out. */
  before: (tags: readonly string[]) => Promise<void> | void;
  /** Is in reach again, and says so. */
  comeBack(): void;
}

export function createReceivingCache(): ReceivingCache {
  const listeners = new Set<CacheListener>();
  const receiving: ReceivingCache = {
    calls: [],
    delivered: [],
    handed: new Set(),
    isAway: false,
    get listeners() {
      return listeners.size;
    },
    before: () => {},
    comeBack() {
      receiving.isAway = false;
      const recovery: CacheEvent = { type: "recovery" };
      for (const listener of listeners) listener(recovery);
    },
    cache: {
      async evictTags(tags) {
        receiving.calls.push([...tags]);
        for (const tag of tags) receiving.handed.add(tag);
        await receiving.before(tags);
        if (!receiving.isAway) receiving.delivered.push(...tags);
        return { delivered: !receiving.isAway, entries: 0 };
      },
      async clear() {
        receiving.calls.push(["*"]);
      },
      onEvent(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
  return receiving;
}
