import type { Store, Token } from "./store.js";

/** Leases that were given up while the store was out of reach: nobody should have to wait for their ends. */
export interface Unreleased {
  /** The store, with a memory for the releases that failed. */
  readonly store: Store;
  /** Gives up what is left. Rejects with the store's error; what failed stays. */
  deliver(): Promise<void>;
  close(): void;
}

/** A release may fail only after the outage is over in which it was sent: then nothing else would try it again. */
const RETRY_AFTER_MS = 250;

/** Past so many, the oldest run out by themselves. */
const MOST_LEASES = 1000;

/** @param isAway whether the store is out of reach now, so that nothing is to be tried */
export function rememberReleases(
  given: Store,
  leaseMs: number,
  isAway: () => boolean = () => false,
): Unreleased {
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  function retryLater(): void {
    if (timer || isClosed) return;
    timer = setTimeout(async () => {
      if (!isAway()) await deliver().catch(() => {});
      timer = undefined;
      if (left.size > 0) retryLater();
    }, RETRY_AFTER_MS);
    timer.unref();
  }

  const left = new Map<Token, { readonly key: string; readonly atMs: number }>();

  async function releaseLease(key: string, token: Token, passMs: number): Promise<void> {
    try {
      await given.releaseLease(key, token, passMs);
    } catch (error) {
      left.set(token, { key, atMs: performance.now() });
      if (left.size > MOST_LEASES) left.delete(left.keys().next().value as Token);
      retryLater();
      throw error;
    }
  }

  async function deliver(): Promise<void> {
    const oldest = performance.now() - leaseMs;
    for (const [token, { atMs }] of left) if (atMs < oldest) left.delete(token);
    await Promise.all(
      [...left].map(async ([token, { key }]) => {
        await given.releaseLease(key, token, 0);
        left.delete(token);
      }),
    );
  }

  return {
    // Not a copy: some of what it tells of itself changes.
    store: Object.assign(Object.create(given) as Store, { releaseLease }),
    deliver,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
