import type { History, Issue, Told } from "./history.js";
import { wholeAtMs } from "./recoveries.js";

/** What a process owed after a failover, and did not do. */
export interface Unpaid {
  readonly worker: string;
  readonly atMs: number;
  readonly what: string;
}

/** The engine issues again what it evicted so long before the server was lost; a little less, for the clocks' sake. */
const KEPT_MS = 60_000 - 100;
/** A process that runs and uses Redis all the time meets the new server long before. */
const NOTICED_WITHIN_MS = 3000;
const ISSUED_WITHIN_MS = 5000;

/**
 * P2 across failovers: every process that lives on notices the promotion, and before it uses the store again it issues
 * what it evicted in the minute before. That nothing stale was read proves little: replication seldom loses anything.
 */
export function findUnpaid(history: History, untilMs = Number.POSITIVE_INFINITY): Unpaid[] {
  const found: Unpaid[] = [];
  const promotions = history.told.filter(({ type }) => type === "promotion");
  for (const { fault, failed, beginMs, endMs } of history.faults) {
    if (fault !== "failover" || failed) continue;
    for (const worker of usersOfStore(history, beginMs)) {
      const byMs = endMs + NOTICED_WITHIN_MS + stalledMs(history, worker, beginMs);
      if (byMs > Math.min(untilMs, livedUntilMs(history, worker))) continue;
      const noticed = promotions.some(
        (told) => told.worker === worker && told.atMs >= beginMs && told.atMs <= byMs,
      );
      if (!noticed) found.push({ worker, atMs: beginMs, what: "did not notice the failover" });
    }
  }
  for (const promotion of promotions) {
    const missing = namesNotIssuedAgain(history, promotion, untilMs);
    if (missing.length === 0) continue;
    const { worker, atMs } = promotion;
    const some = missing.slice(0, 3).join(", ");
    found.push({ worker, atMs, what: `did not issue again ${missing.length} evictions: ${some}` });
  }
  return found;
}

function namesNotIssuedAgain(history: History, promotion: Told, untilMs: number): string[] {
  const { worker, atMs, lostMs = atMs } = promotion;
  const wholeMs = wholeAtMs(history, worker, atMs);
  const isBack = wholeMs !== Number.POSITIVE_INFINITY;
  const byMs = isBack ? wholeMs : atMs + ISSUED_WITHIN_MS + stalledMs(history, worker, atMs);
  if (byMs > untilMs || (!isBack && byMs > livedUntilMs(history, worker))) return [];
  const own = [...history.issues.values()].filter((issue) => issue.worker === worker);
  const owed = new Set<string>();
  for (const issue of own) {
    if (issue.beginMs < lostMs - KEPT_MS || issue.beginMs > atMs) continue;
    for (const name of namesOf(issue)) owed.add(name);
  }
  for (const issue of own) {
    if (!issue.done || issue.beginMs < atMs || issue.endMs > byMs) continue;
    if (issue.everything) return [];
    for (const name of namesOf(issue)) owed.delete(name);
  }
  return [...owed];
}

function namesOf({ tags, keys }: Issue): string[] {
  return [...tags.map((tag) => `tag ${tag}`), ...keys.map((key) => `key ${key}`)];
}

/** Processes that had been granted a lease before: they knew the servers. */
function usersOfStore({ loads }: History, beforeMs: number): Set<string> {
  const users = new Set<string>();
  for (const { worker, leasedMs } of loads.values()) {
    if (leasedMs !== undefined && leasedMs < beforeMs) users.add(worker);
  }
  return users;
}

function livedUntilMs({ ends }: History, worker: string): number {
  return ends.get(worker) ?? Number.POSITIVE_INFINITY;
}

function stalledMs({ stalls }: History, worker: string, sinceMs: number): number {
  return stalls
    .filter((stall) => stall.worker === worker && stall.endMs >= sinceMs)
    .reduce((sum, { beginMs, endMs }) => sum + endMs - Math.max(beginMs, sinceMs), 0);
}
