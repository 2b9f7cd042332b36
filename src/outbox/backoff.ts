const FIRST_MS = 100;

/**
 * How long to wait after the failure number `attempt`, from 0: twice as long each time, up to `mostMs`; spread, lest all
 * processes come back at once.
 */
export function backoffMs(attempt: number, mostMs = 1600): number {
  return Math.min(FIRST_MS * 2 ** attempt, mostMs) * (0.8 + 0.4 * Math.random());
}
