import { findEndlessOutages, type OutageSpan } from "./check-outages.js";
import { findOverlaps, type Overlap, type OverlapLimits } from "./check-overlap.js";
import { findUnpaid, type Unpaid } from "./check-promotions.js";
import { findStaleReads, type StaleRead } from "./check-stale.js";
import type { History } from "./history.js";

export interface Verdict {
  readonly stale: readonly StaleRead[];
  /** Stale reads that no promise rules out; each says why. */
  readonly apart: readonly StaleRead[];
  readonly overlaps: readonly Overlap[];
  /** What was not done after a failover. */
  readonly unpaid: readonly Unpaid[];
  /** Outages from which a process did not find back. */
  readonly endless: readonly OutageSpan[];
  readonly crashes: readonly string[];
  readonly isWrong: boolean;
}

/** What a promise that is not kept shows as. */
export type Finding = "stale" | "overlaps" | "unpaid";

export interface Limits extends OverlapLimits {
  /** For so long a process may not have heard of another's eviction: its near cache's; absent where that is off. */
  readonly nearMaxAgeMs?: number | undefined;
}

export function judge(history: History, limits: Limits): Verdict {
  const reads = findStaleReads(history, limits.nearMaxAgeMs);
  const stale = reads.filter(({ apart }) => !apart);
  const apart = reads.filter((read) => read.apart);
  const overlaps = findOverlaps(history, limits);
  const unpaid = findUnpaid(history, limits.untilMs);
  const endless = findEndlessOutages(history);
  const { crashes } = history;
  const wrongs = [stale, overlaps, unpaid, endless, crashes];
  const isWrong = wrongs.some(({ length }) => length > 0);
  return { stale, apart, overlaps, unpaid, endless, crashes, isWrong };
}
