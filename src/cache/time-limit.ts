/** From such a share of the limit on, a timer's delay shows that this process itself had stopped. */
const LONG_PAUSE = 0.5;

/**
 * What the promise comes to, or `late()` as its failure when those who were to answer took longer than the limit. What
 * this process was stopped for (another process's turn, a long computation, a container's quota) is not their time: it
 * may have had no chance to send, or to read what came. After such a pause they have the limit once more, and after any,
 * what has come is read first.
 *
 * @param moreMs asked at the limit's end, how much longer it is; 0 ends it
 */
export function withinLimit<T>(
  promise: Promise<T>,
  limitMs: number,
  late: () => Error,
  moreMs: () => number = () => 0,
): Promise<T> {
  const dueAt = performance.now() + limitMs;
  // Not a race, which makes several promises more: each fill of a batch of thousands waits so.
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let isSettled = false;
    const fail = () => {
      // What came may have been read since the timer ran out.
      if (isSettled) return;
      const ms = moreMs();
      if (ms > 0) timer = setTimeout(setImmediate, ms, fail);
      else reject(late());
    };
    timer = setTimeout(() => {
      const pausedMs = performance.now() - dueAt;
      // What lies on the sockets is read before an immediate runs.
      if (pausedMs < limitMs * LONG_PAUSE) setImmediate(fail);
      else timer = setTimeout(setImmediate, limitMs, fail);
    }, limitMs);
    const settle = () => {
      isSettled = true;
      clearTimeout(timer);
    };
    promise.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}
