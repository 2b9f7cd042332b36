import { StoreError, StoreUnavailableError } from "../../src/cache/errors.js";
import type { EvictionReceipt, Store } from "../../src/cache/store.js";

/** One safeguard, turned off by a store that lies to the engine, or by a setting nobody should have. */
export interface Break {
  readonly what: string;
  readonly sabotage?: (store: Store) => Partial<Store>;
  readonly commandTimeoutMs?: number;
}

export const breaks = {
  "forgotten evictions": {
    what: "what could not be delivered in an outage is not delivered when it is over",
    sabotage: forgetEvictions,
  },
  "no breaker": {
    what: "a store out of reach counts as one that failed once, and is asked by the next as well",
    sabotage: (store) => ({
      read: (...args) => store.read(...args).catch(failOnce),
      takeLease: (request) => store.takeLease(request).catch(failOnce),
      releaseLease: (...args) => store.releaseLease(...args).catch(failOnce),
      commit: (...args) => store.commit(...args).catch(failOnce),
      readPosition: () => store.readPosition().catch(failOnce),
      evict: (tags) => store.evict(tags).catch(() => NOTHING_EVICTED),
      delete: (key) => store.delete(key).catch(() => {}),
    }),
  },
  "no deadline": {
    what: "a command may take as long as it likes",
    commandTimeoutMs: 60_000,
  },
} satisfies Record<string, Break> as Record<BreakName, Break>;

export type BreakName = "forgotten evictions" | "no breaker" | "no deadline";

export const breakNames = Object.keys(breaks) as BreakName[];

export function isBreak(name: string): name is BreakName {
  return name in breaks;
}

const NOTHING_EVICTED: EvictionReceipt = {
  entries: 0,
  position: { epoch: 0, n: 0 },
  versions: new Map(),
};

/** What is evicted between the end of an outage and the first read is what could not be delivered in it. */
function forgetEvictions(store: Store): Partial<Store> {
  let state: "in reach" | "away" | "back" = "in reach";
  return {
    async ping() {
      try {
        await store.ping();
        if (state === "away") state = "back";
      } catch (error) {
        state = "away";
        throw error;
      }
    },
    read(...args) {
      state = "in reach";
      return store.read(...args);
    },
    evict: async (tags) => (state === "back" ? NOTHING_EVICTED : store.evict(tags)),
    delete: async (key) => (state === "back" ? undefined : store.delete(key)),
  };
}

function failOnce(error: unknown): never {
  if (!(error instanceof StoreUnavailableError)) throw error;
  throw new StoreError(error.message, { cause: error });
}
