import { StoreSlowError } from "./errors.js";
import { withinLimit } from "./time-limit.js";

/**
 * The time that the steps of one fill may take of the store, all together. The load between them does not count. The
 * first, the lease, has a time limit of its own, which grows with the batch that it is in; the others have what it left.
 */
export interface Budget {
  /**
   * Waits for a step, which goes on all the same when its time is up.
   *
   * @throws StoreSlowError when nothing is left
   */
  spend<T>(step: Promise<T>): Promise<T>;
}

/** So much of it is left for what follows the load, however long the lease took: most commits take less. */
const LEAST_SHARE = 0.5;

/**
 * @param onFailure told of steps that fail when nobody waits for them any more
 * @param firstMs how long the first step took, where it is over
 */
export function createBudget(
  limitMs: number,
  onFailure: (error: unknown) => void,
  firstMs?: number,
): Budget {
  let leftMs = Math.max(limitMs - (firstMs ?? 0), limitMs * LEAST_SHARE);
  let hasLease = firstMs !== undefined;

  return {
    async spend(step) {
      const beganAt = performance.now();
      try {
        return await (hasLease ? inTime(step, leftMs) : step);
      } finally {
        leftMs -= performance.now() - beganAt;
        if (!hasLease) leftMs = Math.max(leftMs, limitMs * LEAST_SHARE);
        leftMs = Math.max(0, leftMs);
        hasLease = true;
      }
    },
  };

  function inTime<T>(step: Promise<T>, waitMs: number): Promise<T> {
    return withinLimit(step, waitMs, () => {
      step.catch(onFailure);
      const text = `The store must have carried out a fill's steps within ${limitMs} ms, but did not.`;
      return new StoreSlowError(text);
    });
  }
}
