import type { Fault, History, Load, Write } from "./history.js";

/** Two loads of one key under a lease, at once, with nothing to excuse it. */
export interface Overlap {
  readonly earlier: Load;
  readonly later: Load;
}

export interface OverlapLimits {
  readonly leaseMs: number;
  /** From the request for a lease to the begin of its load. */
  readonly leaseToLoadMs: number;
  /** What began later is not judged yet: not everything of that time was told. */
  readonly untilMs: number;
}

/**
 * P1 over a whole history: of the loads under a lease, none begins while another of the same key runs, both of which
 * could still be of use. The earlier one is of no use only for one of these reasons, between the request for its lease
 * and the begin of the later one:
 *
 * - one of its known tags was evicted, or its key deleted or set over, or that was under way;
 * - a tag's version, the log, the key or everything was deleted from the server, or a replica was promoted;
 * - its process could not renew the lease: it was paused, it stalled, its connection was cut, the server was paused,
 *   a slot was on its way to another, or it counted the store as out of reach.
 *
 * The later one is of no use only for the last of them, between the request for its own lease and its begin.
 */
export function findOverlaps(history: History, limits: OverlapLimits): Overlap[] {
  const byKey = new Map<string, Load[]>();
  for (const load of history.loads.values()) {
    if (!load.underLease || load.beginMs > limits.untilMs) continue;
    const loads = byKey.get(load.key);
    if (loads) loads.push(load);
    else byKey.set(load.key, [load]);
  }
  const found: Overlap[] = [];
  for (const loads of byKey.values()) {
    loads.sort((a, b) => a.beginMs - b.beginMs);
    loads.forEach((later, index) => {
      for (const earlier of loads.slice(Math.max(0, index - LOOK_BACK), index)) {
        if (earlier.endMs > later.beginMs && !isExcused(history, limits, earlier, later)) {
          found.push({ earlier, later });
        }
      }
    });
  }
  return found;
}

/** Loads of one key, one after another, among which one may still run. */
const LOOK_BACK = 50;

/** A command of a process that was killed may still arrive so much later. */
const LAST_COMMAND_MS = 500;

function isExcused(
  history: History,
  { leaseMs, leaseToLoadMs }: OverlapLimits,
  earlier: Load,
  later: Load,
): boolean {
  const fromMs = Math.max(earlier.calledMs, earlier.beginMs - leaseToLoadMs);
  const untilMs = later.beginMs;
  const meets = (beginMs: number, endMs: number) => beginMs <= untilMs && endMs >= fromMs;
  const { worker, tags, key } = earlier;

  const writes = [...history.writes.values()].some(
    (write) => touches(write, key, tags) && meets(write.beganMs, effectEndMs(history, write)),
  );
  if (writes) return true;
  if (mayHaveLost(history, leaseMs, worker, fromMs, untilMs)) return true;
  const leasedMs = Math.max(later.calledMs, later.beginMs - leaseToLoadMs);
  if (mayHaveLost(history, leaseMs, later.worker, leasedMs, later.beginMs)) return true;
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
      told.worker === worker &&
      told.type === "outage" &&
      meets(told.atMs, recoveryMs(history, worker, told.atMs)),
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

function touches(write: Write, key: string, tags: readonly string[]): boolean {
  if (write.type === "evict") return write.tags.some((tag) => tags.includes(tag));
  return write.key === key;
}

/** An undelivered eviction is delivered when its process is back in touch; whose end nobody told, with its process. */
function effectEndMs(history: History, write: Write): number {
  if (write.endMs !== Number.POSITIVE_INFINITY && (write.done || write.type === "set")) {
    return write.endMs;
  }
  const diedMs = history.faults.find(
    ({ fault, worker }) => fault === "kill" && worker === write.worker,
  )?.endMs;
  const deathMs = (diedMs ?? Number.POSITIVE_INFINITY) + LAST_COMMAND_MS;
  if (write.endMs === Number.POSITIVE_INFINITY) return deathMs;
  return Math.min(deathMs, recoveryMs(history, write.worker, write.endMs));
}

function recoveryMs({ told }: History, worker: string, fromMs: number): number {
  const recovery = told.find(
    (one) => one.type === "recovery" && one.worker === worker && one.atMs >= fromMs,
  );
  return recovery?.atMs ?? Number.POSITIVE_INFINITY;
}
