import type { History } from "./history.js";
import { backAtMs } from "./recoveries.js";

/** How long a process took its store to be out of reach. */
export interface OutageSpan {
  readonly worker: string;
  readonly beginMs: number;
  readonly lastedMs: number;
}

/** Longer than any failover takes: whoever is not back by then will never be. */
const ENDLESS_MS = 15_000;

export function outagesOf(history: History): OutageSpan[] {
  return history.told
    .filter(({ type }) => type === "outage")
    .map((outage) => {
      const { worker, atMs } = outage;
      const overMs = backAtMs(history, outage);
      const endedMs = history.stalls.findLast((stall) => stall.worker === worker)?.endMs ?? atMs;
      return {
        worker,
        beginMs: atMs,
        lastedMs: (overMs === Number.POSITIVE_INFINITY ? endedMs : overMs) - atMs,
      };
    });
}

export function findEndlessOutages(history: History): OutageSpan[] {
  return outagesOf(history).filter(({ lastedMs }) => lastedMs > ENDLESS_MS);
}
