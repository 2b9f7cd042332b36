import { ServerBusyError } from "./errors.js";

export interface LimiterOptions {
  maxRunning: number;
  maxWaiting: number;
}

/**
 * Runs so many at a time and lets so many wait, in order.
 * @throws ServerBusyError from the returned function, when too many wait.
 */
export function createLimiter({ maxRunning, maxWaiting }: LimiterOptions) {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async function limited<T>(run: () => Promise<T>): Promise<T> {
    if (running >= maxRunning) {
      if (waiting.length >= maxWaiting) throw new ServerBusyError();
      // Whoever finishes hands its place over, so that nobody arriving meanwhile takes it.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
