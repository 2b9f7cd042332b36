const resolved = Promise.resolve();

/** `performance.now()` in whole milliseconds, which V8 compares and keeps at once. */
export function wholeNow(): number {
  return Math.floor(performance.now());
}

/**
 * Reads that clock once for all that runs before the promise jobs of now are over: nothing is told to this process
 * meanwhile, so all of it is one moment. If it takes long, what is found in it is older by so much. For what asks the
 * time for each of a list's fields, since a reading costs more than finding an entry.
 */
export function createMoment(): () => number {
  let nowMs: number | undefined;
  const end = () => {
    nowMs = undefined;
  };
  return () => {
    if (nowMs === undefined) {
      nowMs = wholeNow();
      // Not queueMicrotask, which makes an asynchronous resource for each call.
      resolved.then(end);
    }
    return nowMs;
  };
}
