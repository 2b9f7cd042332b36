import type { History } from "./history.js";

/** How long a process took its store to be out of reach. */
export interface OutageSpan {
  readonly worker: string;
  readonly beginMs: number;
  readonly lastedMs: number;
}

/** Longer than any failover takes: whoever is not back by then will never be. */
const ENDLESS_MS = 15_000;

export function outagesOf({ told, stalls }: History): OutageSpan[] {
  return told
    .filter(({ type }) => type === "outage")
    .map(({ worker, atMs }) => {
      const over = told.find(
        (one) => one.type === "recovery" && one.worker === worker && one.atMs >= atMs,
      );
      const endedMs = stalls.findLast((stall) => stall.worker === worker)?.endMs ?? atMs;
      return { worker, beginMs: atMs, lastedMs: (over?.atMs ?? endedMs) - atMs };
    });
}

export function findEndlessOutages(history: History): OutageSpan[] {
  return outagesOf(history).filter(({ lastedMs }) => lastedMs > ENDLESS_MS);
}
