import type { Token } from "./entry.js";
import type { Store } from "./store.js";

/**
 * Leases that this process is done with, and that the store may still hold, since it was out of reach, or came back with
 * what it had been before: nobody should have to wait for their ends.
 */
export interface Unreleased {
  /** The store, with a memory for the leases that ended, and the releases that failed. */
  readonly store: Store;
  /** The store may have forgotten the last it did, as a server that was restarted from a snapshot, or promoted. */
  suspect(): void;
  /** Gives up what is left. Rejects with the store's error; what failed stays. */
  deliver(): Promise<void>;
  close(): void;
}

/** A release may fail only after the outage is over in which it was sent: then nothing else would try it again. */
const RETRY_AFTER_MS = 250;

/** Past so many, the oldest run out by themselves. */
const MOST_LEASES = 1000;

type Leases = Map<Token, { readonly key: string; readonly atMs: number }>;

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

  /** To be given up. */
  const left: Leases = new Map();
  /** Given up, or committed, as far as the store said. */
  const ended: Leases = new Map();

  function note(leases: Leases, key: string, token: Token): void {
    leases.set(token, { key, atMs: performance.now() });
    if (leases.size > MOST_LEASES) leases.delete(leases.keys().next().value as Token);
  }

  async function releaseLease(key: string, token: Token, passMs: number): Promise<void> {
    try {
      await given.releaseLease(key, token, passMs);
      note(ended, key, token);
    } catch (error) {
      note(left, key, token);
      retryLater();
      throw error;
    }
  }

  async function commit(...[key, token, draft, onSend]: Parameters<Store["commit"]>) {
    const birth = await given.commit(key, token, draft, onSend);
    note(ended, key, token);
    return birth;
  }

  /** Those that have run out by themselves need nobody. */
  function forgetOld(leases: Leases): void {
    const oldest = performance.now() - leaseMs;
    for (const [token, { atMs }] of leases) if (atMs < oldest) leases.delete(token);
  }

  async function deliver(): Promise<void> {
    forgetOld(left);
    await Promise.all(
      [...left].map(async ([token, { key }]) => {
        await given.releaseLease(key, token, 0);
        left.delete(token);
      }),
    );
  }

  return {
    // Not a copy: some of what it tells of itself changes.
    store: Object.assign(Object.create(given) as Store, { releaseLease, commit }),
    suspect() {
      forgetOld(ended);
      for (const [token, lease] of ended) left.set(token, lease);
      ended.clear();
      if (left.size > 0) retryLater();
    },
    deliver,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
