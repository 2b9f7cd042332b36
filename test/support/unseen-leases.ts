import { createMemoryStore } from "../../src/cache/memory-store.js";
import type { Store } from "../../src/cache/store.js";

/** A store whose readers see no lease, as where the server's clock is behind what they take it for. */
export interface UnseenLeases {
  readonly memory: Store;
  readonly store: Store;
  /** How often a lease was asked for. */
  readonly asked: number;
}

export function createUnseenLeases(): UnseenLeases {
  const memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
  let asked = 0;
  const store: Store = {
    ...memory,
    async read(...of) {
      const { lease, ...reading } = await memory.read(...of);
      return reading;
    },
    takeLease(request) {
      asked += 1;
      return memory.takeLease(request);
    },
  };
  return {
    memory,
    store,
    get asked() {
      return asked;
    },
  };
}
