import { StoreSlowError } from "./errors.js";

/** The time that the steps of one fill may take of the store, all together. The load between them does not count. */
export interface Budget {
  /**
   * Waits for a step, which goes on all the same when its time is up.
   *
   * @throws StoreSlowError when nothing is left
   */
  spend<T>(step: Promise<T>): Promise<T>;
}

const GRACE = 0.25;

/** @param onFailure told of steps that fail when nobody waits for them any more */
export function createBudget(limitMs: number, onFailure: (error: unknown) => void): Budget {
  let leftMs = limitMs;
  // A step that takes all of it fails by its own limit, which says more.
  const graceMs = limitMs * GRACE;

  return {
    async spend(step) {
      const beganAt = performance.now();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        // Where this process was busy, the answer may have come and not been read: it is, before an immediate runs.
        timer = setTimeout(setImmediate, Math.max(1, leftMs) + graceMs, () => {
          step.catch(onFailure);
          const text = `The store must have carried out a fill's steps within ${limitMs} ms, but did not.`;
          reject(new StoreSlowError(text));
        });
      });
      try {
        return await Promise.race([step, late]);
      } finally {
        clearTimeout(timer);
        leftMs -= performance.now() - beganAt;
      }
    },
  };
}
