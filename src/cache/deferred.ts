/** A promise with its ends in hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function createDeferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Waits for the first of `promise` and `ms`; true when the promise came first. Rejects as the promise does. */
export function cameWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  if (ms <= 0) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    // Whole milliseconds, of which the timers of many callers share a list.
    const timer = setTimeout(resolve, Math.ceil(ms), false);
    promise.then(
      () => {
        clearTimeout(timer);
        resolve(true);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/** The last crowd that waits for a promise. */
const crowds = new WeakMap<
  Promise<unknown>,
  { readonly dueAtMs: number; readonly came: Promise<boolean> }
>();

/**
 * As `cameWithin`, up to a time of `performance.now()`'s clock. Who waits for one promise up to the same millisecond
 * shares a timer and an answer.
 */
export function cameBy(promise: Promise<unknown>, deadlineMs: number): Promise<boolean> {
  const dueAtMs = Math.ceil(deadlineMs);
  const crowd = crowds.get(promise);
  if (crowd?.dueAtMs === dueAtMs) return crowd.came;
  const came = cameWithin(promise, dueAtMs - performance.now());
  const own = { dueAtMs, came };
  crowds.set(promise, own);
  // A timer may be early by a fraction: who is not there yet waits anew.
  came.then(
    (isThere) => {
      if (!isThere && crowds.get(promise) === own) crowds.delete(promise);
    },
    () => {},
  );
  return came;
}
