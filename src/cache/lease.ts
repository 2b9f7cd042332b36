import type { Budget } from "./budget.js";
import type { Token } from "./entry.js";
import type { LeaseGrant, LeaseRequest, Store } from "./store.js";

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
    return await (budget ? budget.spend(() => taking) : taking);
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
 * another's, or has gone without a renewal for a whole life. A fill need not know: its commit will be refused, and
 * its caller still wants the value.
 */
export function keepLease(
  store: Store,
  lease: Omit<LeaseRequest, "over">,
  onLost?: () => void,
  heldSince = performance.now(),
): KeptLease {
  let renewedAt = heldSince;
  let deadline: NodeJS.Timeout | undefined;
  let isStopped = false;

  const stop = () => {
    isStopped = true;
    clearInterval(timer);
    clearTimeout(deadline);
  };
  const lose = () => {
    if (isStopped) return;
    stop();
    onLost?.();
  };
  /** Ticks come late, and a third of a life apart: who must know when it is over is told by a timer for that moment. */
  const watchDeadline = () => {
    if (!onLost) return;
    clearTimeout(deadline);
    deadline = setTimeout(lose, Math.max(0, renewedAt + lease.leaseMs - performance.now()));
    deadline.unref();
  };
  const timer = setInterval(async () => {
    const askedAt = performance.now();
    // This process may have been stopped for longer than the lease lives: then another may hold it by now.
    if (askedAt - renewedAt >= lease.leaseMs) return lose();
    try {
      if (!(await store.renewLease(lease))) return lose();
      if (isStopped) return;
      renewedAt = askedAt;
      watchDeadline();
    } catch {
      // Out of reach for now; the next renewal tries again.
    }
  }, lease.leaseMs / 3);
  timer.unref();
  watchDeadline();
  return { stop };
}
