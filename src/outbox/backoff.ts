const AFTER_MS = [100, 200, 400, 800, 1600] as const;

/** How long to wait after the failure number `attempt`, from 0; spread, lest all processes come back at once. */
export function backoffMs(attempt: number): number {
  const afterMs = AFTER_MS[Math.min(attempt, AFTER_MS.length - 1)] as number;
  return afterMs * (0.8 + 0.4 * Math.random());
}
