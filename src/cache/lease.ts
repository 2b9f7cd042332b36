import type { LeaseRequest, Store } from "./store.js";

/** Keeps a lease alive while its load runs. */
export interface KeptLease {
  stop(): void;
}

/**
 * Renews three times a life, so that one lost renewal costs nothing. A renewal that says the lease is lost ends the
 * renewing and nothing else: the commit will be refused, and the load's caller still wants its value.
 */
export function keepLease(store: Store, lease: Omit<LeaseRequest, "over">): KeptLease {
  const timer = setInterval(async () => {
    try {
      if (!(await store.renewLease(lease))) clearInterval(timer);
    } catch {
      // Unreachable for now; the next renewal tries again, and past the deadline the commit is refused.
    }
  }, lease.leaseMs / 3);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
