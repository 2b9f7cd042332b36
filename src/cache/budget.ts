import { StoreSlowError } from "./errors.js";
import { withinLimit } from "./time-limit.js";

/** Told how long the batch may take that a step is sent in. */
export type OnSend = (limitMs: number) => void;

/**
 * The time that the steps of one fill may take of the store, all together. The load between them does not count. The
 * first, as the lease, has a time limit of its own, which grows with the batch that it is in; the others have what it left,
 * and what their own batches have beyond one limit.
 */
export interface Budget {
  /**
   * Waits for a step, which goes on all the same when its time is up.
   *
   * @param batchLimitMs asked at the time's end, what the step's batch has. Default: one limit
   * @throws StoreSlowError when nothing is left
   */
  spend<T>(step: Promise<T>, batchLimitMs?: () => number): Promise<T>;
}

/** So much of it is left for what follows the load, however long the lease took: most commits take less. */
const LEAST_SHARE = 0.5;

/** @param onFailure told of steps that fail when nobody waits for them any more */
export function createBudget(limitMs: number, onFailure: (error: unknown) => void): Budget {
  let leftMs = limitMs;
  let hasBegun = false;

  return {
    async spend(step, batchLimitMs = () => limitMs) {
      const beganAt = performance.now();
      try {
        return await (hasBegun ? inTime(step, leftMs, batchLimitMs) : step);
      } finally {
        // What its batch has beyond one limit is its own.
        const beyondMs = Math.max(0, batchLimitMs() - limitMs);
        leftMs -= Math.max(0, performance.now() - beganAt - beyondMs);
        if (!hasBegun) leftMs = Math.max(leftMs, limitMs * LEAST_SHARE);
        leftMs = Math.max(0, leftMs);
        hasBegun = true;
      }
    },
  };

  function inTime<T>(step: Promise<T>, waitMs: number, batchLimitMs: () => number): Promise<T> {
    let givenMs = limitMs;
    const late = () => {
      step.catch(onFailure);
      const text = `The store must have carried out a fill's steps within ${givenMs} ms, but did not.`;
      return new StoreSlowError(text);
    };
    return withinLimit(step, waitMs, late, () => {
      const moreMs = batchLimitMs() - givenMs;
      givenMs += Math.max(0, moreMs);
      return moreMs;
    });
  }
}
