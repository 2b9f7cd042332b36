import type { Fault, History, Issue, Load, Write } from "./history.js";
import { backAtMs, wholeAtMs } from "./recoveries.js";

/** Two loads of one key under a lease, at once, with nothing to excuse it. */
export interface Overlap {
  readonly earlier: Load;
  readonly later: Load;
}

export interface OverlapLimits {
  readonly leaseMs: number;
  /** What began later is not judged yet: not everything of that time was told. */
  readonly untilMs: number;
}

/**
 * P1 over a whole history: of the loads under a lease, none begins while another of the same key runs, both of which
 * could still be of use. The earlier one is of no use only for one of these reasons, between the request for its lease
 * and the begin of the later one:
 *
 * - its key was set over, or a process asked its store to evict one of its known tags or its key, or that was under
 *   way: for a caller, or because the engine delivered it late, or issued it again after a promotion;
 * - a tag's version, the log, the key or everything was deleted from the server, or a replica was promoted;
 * - its process could not renew the lease: it was paused, it stalled, its connection was cut, the server was paused,
 *   a slot was on its way to another, or it counted the store as out of reach.
 *
 * The later one is of no use only for the first and the last of them, between the request for its own lease and its
 * begin: its lease may be the older one.
 */
export function findOverlaps(history: History, limits: OverlapLimits): Overlap[] {
  const byKey = new Map<string, Load[]>();
  for (const load of history.loads.values()) {
    if (load.leasedMs === undefined || load.beginMs > limits.untilMs) continue;
    const loads = byKey.get(load.key);
    if (loads) loads.push(load);
    else byKey.set(load.key, [load]);
  }
  const found: Overlap[] = [];
  for (const loads of byKey.values()) {
    loads.sort((a, b) => a.beginMs - b.beginMs);
    loads.forEach((later, index) => {
      for (const earlier of loads.slice(Math.max(0, index - LOOK_BACK), index)) {
        if (
          knownEndMs(history, earlier) > later.beginMs &&
          !isExcused(history, limits, earlier, later)
        ) {
          found.push({ earlier, later });
        }
      }
    });
  }
  return found;
}

/** Until when a load ran for certain: of what a process did since it was last heard before its death, nobody knows. */
function knownEndMs({ ends }: History, { worker, endMs }: Load): number {
  return Math.min(endMs, ends.get(worker) ?? Number.POSITIVE_INFINITY);
}

/** Loads of one key, one after another, among which one may still run. */
const LOOK_BACK = 50;

/** A command of a process that was killed may still arrive so much later. */
const LAST_COMMAND_MS = 500;

function isExcused(
  history: History,
  { leaseMs }: OverlapLimits,
  earlier: Load,
  later: Load,
): boolean {
  const fromMs = earlier.leasedMs ?? earlier.beginMs;
  const untilMs = later.beginMs;
  const meets = (beginMs: number, endMs: number) => beginMs <= untilMs && endMs >= fromMs;
  const { worker, tags, key } = earlier;

  if (wasDoomed(history, earlier, fromMs, untilMs)) return true;
  if (mayHaveLost(history, leaseMs, worker, fromMs, untilMs)) return true;
  const leasedMs = later.leasedMs ?? later.beginMs;
  if (wasDoomed(history, later, leasedMs, untilMs)) return true;
  if (mayHaveLost(history, leaseMs, later.worker, leasedMs, untilMs)) return true;
  return history.faults.some((fault) => concerns(fault) && meets(fault.beginMs, fault.endMs));

  function concerns(fault: Fault): boolean {
    switch (fault.fault) {
      case "lose version":
        return fault.tags?.some((tag) => tags.includes(tag)) ?? false;
      case "lose entry":
        return fault.key === key;
      case "flush":
      case "failover":
        return true;
      default:
        return false;
    }
  }
}

/** True when the load's key may have been deleted or set over in that time, or one of its known tags evicted. */
function wasDoomed(history: History, load: Load, fromMs: number, untilMs: number): boolean {
  const meets = (beginMs: number, endMs: number) => beginMs <= untilMs && endMs >= fromMs;
  for (const issue of history.issues.values()) {
    if (touches(issue, load) && meets(issue.beginMs, effectEndMs(history, issue))) return true;
  }
  for (const write of history.writes.values()) {
    if (write.type !== "set" || write.key !== load.key) continue;
    if (meets(write.beginMs, effectEndMs(history, write))) return true;
  }
  return false;
}

/** True when something may have kept a process from renewing its leases. */
function mayHaveLost(
  history: History,
  leaseMs: number,
  worker: string,
  fromMs: number,
  untilMs: number,
): boolean {
  const meets = (beginMs: number, endMs: number) => beginMs <= untilMs && endMs >= fromMs;
  const stalled = history.stalls.some(
    (stall) =>
      stall.worker === worker &&
      stall.endMs - stall.beginMs >= leaseMs / 5 &&
      meets(stall.beginMs, stall.endMs),
  );
  if (stalled) return true;
  const wasOut = history.told.some(
    (told) =>
      told.worker === worker && told.type === "outage" && meets(told.atMs, backAtMs(history, told)),
  );
  if (wasOut) return true;
  return history.faults.some((fault) => befell(fault, worker) && meets(fault.beginMs, fault.endMs));
}

function befell({ fault, worker }: Fault, whom: string): boolean {
  switch (fault) {
    case "pause":
    case "kill":
      return worker === whom;
    case "cut":
    case "pause server":
    case "move slot":
      return true;
    default:
      return false;
  }
}

function touches({ tags, keys, everything }: Issue, load: Load): boolean {
  return everything || keys.includes(load.key) || tags.some((tag) => load.tags.includes(tag));
}

/**
 * An eviction that failed may be carried out yet, until its process is back in touch; a set is not tried again. What
 * nobody told the end of ends with its process.
 */
function effectEndMs(history: History, act: Issue | Write): number {
  const hasEnded = act.endMs !== Number.POSITIVE_INFINITY;
  if (hasEnded && (act.done || act.type === "set")) return act.endMs;
  const diedMs = history.faults.find(
    ({ fault, worker }) => fault === "kill" && worker === act.worker,
  )?.endMs;
  const deathMs = (diedMs ?? Number.POSITIVE_INFINITY) + LAST_COMMAND_MS;
  return hasEnded ? Math.min(deathMs, wholeAtMs(history, act.worker, act.endMs)) : deathMs;
}
