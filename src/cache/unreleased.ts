import type { Store, Token } from "./store.js";

/** Leases that were given up while the store was out of reach: nobody should have to wait for their ends. */
export interface Unreleased {
  /** The store, with a memory for the releases that failed. */
  readonly store: Store;
  /** Gives up what is left. Rejects with the store's error; what failed stays. */
  deliver(): Promise<void>;
}

/** Past so many, the oldest run out by themselves. */
const MOST_LEASES = 1000;

export function rememberReleases(given: Store, leaseMs: number): Unreleased {
  const left = new Map<Token, { readonly key: string; readonly atMs: number }>();

  async function releaseLease(key: string, token: Token, passMs: number): Promise<void> {
    try {
      await given.releaseLease(key, token, passMs);
    } catch (error) {
      left.set(token, { key, atMs: performance.now() });
      if (left.size > MOST_LEASES) left.delete(left.keys().next().value as Token);
      throw error;
    }
  }

  return {
    // Not a copy: some of what it tells of itself changes.
    store: Object.assign(Object.create(given) as Store, { releaseLease }),
    async deliver() {
      const oldest = performance.now() - leaseMs;
      for (const [token, { atMs }] of left) if (atMs < oldest) left.delete(token);
      await Promise.all(
        [...left].map(async ([token, { key }]) => {
          await given.releaseLease(key, token, 0);
          left.delete(token);
        }),
      );
    },
  };
}
