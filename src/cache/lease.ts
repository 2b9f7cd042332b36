import type { Budget } from "./budget.js";
import type { LeaseGrant, LeaseRequest, Store, Token } from "./store.js";

/**
 * Takes a lease. Where that fails nobody knows whether it was taken, or will be yet by a server that hangs; a release
 * that is sent now is carried out after it, so that no lease without a holder keeps others waiting.
 */
export async function takeLease(
  store: Store,
  request: LeaseRequest,
  budget?: Budget,
): Promise<LeaseGrant> {
  const release = (token: Token) => store.releaseLease(request.key, token, 0).catch(() => {});
  const taking = store.takeLease(request);
  try {
    return await (budget ? budget.spend(taking) : taking);
  } catch (error) {
    release(request.token);
    // What took longer than the caller could wait may come yet, under another token.
    taking.then(
      (grant) => {
        if (grant.taken) release(grant.token);
      },
      () => {},
    );
    throw error;
  }
}

/** Keeps a lease alive while its work runs. */
export interface KeptLease {
  stop(): void;
}

/**
 * Renews three times a life, so that one lost renewal costs nothing. `onLost` is told once the lease is known to be
 * another's, or has gone without a renewal for a whole life. A fill needs not know: its commit will be refused, and
 * its caller still wants the value.
 */
export function keepLease(
  store: Store,
  lease: Omit<LeaseRequest, "over">,
  onLost: () => void = () => {},
): KeptLease {
  let renewedAt = performance.now();

  const lose = () => {
    clearInterval(timer);
    onLost();
  };
  const timer = setInterval(async () => {
    const askedAt = performance.now();
    // This process may have been stopped for longer than the lease lives: then another may hold it by now.
    if (askedAt - renewedAt >= lease.leaseMs) return lose();
    try {
      if (!(await store.renewLease(lease))) return lose();
      renewedAt = askedAt;
    } catch {
      // Out of reach for now; the next renewal tries again.
    }
  }, lease.leaseMs / 3);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
