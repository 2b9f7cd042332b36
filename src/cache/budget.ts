import { StoreSlowError } from "./errors.js";
import type { OnSend } from "./store.js";
import { withinLimit } from "./time-limit.js";

/**
 * The time that the steps of one fill may take of the store, all together. The load between them does not count. The
 * first, as the lease, has a time limit of its own, which grows with the batch that it is in; the others have what it
 * left, and what their own batches have beyond one limit.
 */
export interface Budget {
  /**
   * Waits for a step, which goes on all the same when its time is up. One that is told nothing when it is sent is in no
   * batch that has more than one limit.
   *
   * @throws StoreSlowError when nothing is left
   */
  spend<T>(step: (onSend: OnSend) => Promise<T>): Promise<T>;
}

/** So much of it is left for what follows the load, however long the lease took: most commits take less. */
const LEAST_SHARE = 0.5;

/** @param onFailure told of steps that fail when nobody waits for them any more */
export function createBudget(limitMs: number, onFailure: (error: unknown) => void): Budget {
  let leftMs = limitMs;
  let hasBegun = false;

  return {
    async spend(step) {
      let batchLimitMs = limitMs;
      const beganAt = performance.now();
      const taken = step((ofBatchMs) => {
        batchLimitMs = ofBatchMs;
      });
      try {
        return await (hasBegun ? inTime(taken, leftMs, () => batchLimitMs) : taken);
      } finally {
        // What its batch has beyond one limit is its own.
        const beyondMs = Math.max(0, batchLimitMs - limitMs);
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
