const resolved = Promise.resolve();

/**
 * Reads `performance.now()`'s clock, in whole milliseconds, once for each synchronous run: nothing is told to this process within one, so all of
 * it is one moment. For what asks the time for each of a list's fields, since a reading costs more than finding an entry.
 */
export function createMoment(): () => number {
  let nowMs: number | undefined;
  const end = () => {
    nowMs = undefined;
  };
  return () => {
    if (nowMs === undefined) {
      nowMs = Math.floor(performance.now());
      // Not queueMicrotask, which makes an asynchronous resource for each call.
      resolved.then(end);
    }
    return nowMs;
  };
}
