import type { Fault, History, Load, Read, Write } from "./history.js";
import { backAtMs, wholeAtMs } from "./recoveries.js";

/** A read that was answered with something older than an eviction that bound it. */
export interface StaleRead {
  readonly read: Read;
  readonly eviction: Write;
  readonly tag: string;
  /**
   * Why it is counted apart from the violations:
   *
   * - `not issued again`: a promotion lost the eviction, and the process that made it has not issued it again yet;
   * - `nobody to issue it`: the same, but that process is dead;
   * - `two masters`: a failover was going on, and the old master still answered;
   * - `before its push`: another process's eviction may not have reached this one's near cache yet;
   * - `in place of an error`: the load failed, or the store was out of reach, and nothing better was at hand;
   * - `shared in an outage`: a process without the store shared its own load under way, knowing of no eviction elsewhere.
   */
  readonly apart?: Apart;
}

export type Apart =
  | "not issued again"
  | "nobody to issue it"
  | "two masters"
  | "before its push"
  | "in place of an error"
  | "shared in an outage";

/** From `fromMs` on nothing may be served that is older than `beganMs`. */
interface Bound {
  readonly fromMs: number;
  readonly eviction: Write;
}

/**
 * P2 over a whole history. With near caches, another process's eviction binds from `nearMaxAgeMs` past its delivery. A read may not return what began before an eviction of one of its tags, or the deletion of
 * its key, if that had resolved as delivered before the read began; in the evicting process, if it had resolved at all.
 */
export function findStaleReads(history: History, nearMaxAgeMs?: number): StaleRead[] {
  const found: StaleRead[] = [];
  const delivered = new Bounds();
  const everywhere = new Bounds();
  const inProcess = new Bounds();
  for (const write of history.writes.values()) {
    if (write.type === "set" || write.endMs === Number.POSITIVE_INFINITY) continue;
    // An outage is over only when everything undelivered was delivered.
    const deliveredMs = write.done ? write.endMs : wholeAtMs(history, write.worker, write.endMs);
    for (const name of namesOf(write)) {
      inProcess.add(`${write.worker} ${name}`, { fromMs: write.endMs, eviction: write });
      if (deliveredMs === Number.POSITIVE_INFINITY) continue;
      delivered.add(name, { fromMs: deliveredMs, eviction: write });
      everywhere.add(name, { fromMs: deliveredMs + (nearMaxAgeMs ?? 0), eviction: write });
    }
  }
  for (const read of history.reads) {
    const stale = firstStale(read, everywhere);
    if (stale) {
      found.push({ ...stale, ...classify(history, stale, nearMaxAgeMs !== undefined) });
    } else if (nearMaxAgeMs !== undefined) {
      const trailing = firstStale(read, delivered);
      if (trailing) found.push({ ...trailing, apart: "before its push" });
    }
  }
  return found;

  function firstStale(
    read: Read,
    elsewhere: Bounds,
  ): { read: Read; eviction: Write; tag: string } | undefined {
    const { value } = read;
    if (!value) return undefined;
    const sinceMs = isAsOldAsItsOperation(history, read) ? read.operationBeganMs : read.beginMs;
    const check = (name: string, tag: string, seenMs: number, version: number | undefined) => {
      for (const bounds of [
        elsewhere.before(name, sinceMs),
        inProcess.before(`${read.worker} ${name}`, sinceMs),
      ]) {
        if (!bounds) continue;
        const { eviction } = bounds;
        if (eviction.beginMs > seenMs) return { read, eviction, tag };
        const raised = eviction.type === "evict" ? eviction.versions[tag] : undefined;
        if (version !== undefined && raised !== undefined && version < raised) {
          return { read, eviction, tag };
        }
      }
      return undefined;
    };
    for (const [tag, version] of Object.entries(value.versions)) {
      const stale = check(`tag ${tag}`, tag, value.seenMs, version);
      if (stale) return stale;
    }
    return check(`key ${read.key}`, read.key, value.seenMs, undefined);
  }
}

/**
 * An operation may see what it remembered itself, and a load past the lease that it shares with another operation of
 * its process, which is no older than itself: its own loaders could give it as much.
 */
function isAsOldAsItsOperation({ loads }: History, { value, ...read }: Read): boolean {
  if (!value) return false;
  if (value.operation === read.operation) return true;
  const isShared = value.worker === read.worker && isPastLease(loads.get(value.load));
  return isShared && value.seenMs >= read.operationBeganMs;
}

function isPastLease(load: Load | undefined): boolean {
  return load !== undefined && load.leasedMs === undefined;
}

function namesOf(write: Write): string[] {
  if (write.type === "evict") return write.tags.map((tag) => `tag ${tag}`);
  return [`key ${write.key}`];
}

function classify(history: History, stale: StaleRead, hasNear: boolean): Pick<StaleRead, "apart"> {
  const { read, eviction } = stale;
  const failover = lostIn(history, read, eviction);
  if (failover && read.worker !== eviction.worker) {
    if (read.beginMs <= failover.endMs) return { apart: "two masters" };
    if (wasIssuedAgain(history, stale, failover)) return {};
    const died = history.faults.some(
      ({ fault, worker }) => fault === "kill" && worker === eviction.worker,
    );
    return { apart: died ? "nobody to issue it" : "not issued again" };
  }
  if (
    read.value?.worker === read.worker &&
    eviction.worker !== read.worker &&
    areInOneOutage(history, read)
  ) {
    return { apart: "shared in an outage" };
  }
  if (hasNear && read.how === "stale" && eviction.worker !== read.worker) {
    return { apart: "in place of an error" };
  }
  return {};
}

/** Whether the evicting process had seen the promotion and evicted again when the read began. */
function wasIssuedAgain(
  { told, issues }: History,
  { read, eviction, tag }: StaleRead,
  failover: Fault,
): boolean {
  const seen = told.findLast(
    ({ type, worker, atMs }) =>
      type === "promotion" &&
      worker === eviction.worker &&
      atMs >= failover.beginMs &&
      atMs <= read.beginMs,
  );
  if (!seen) return false;
  return [...issues.values()].some(
    (issue) =>
      issue.worker === eviction.worker &&
      issue.done &&
      issue.beginMs >= seen.atMs &&
      issue.endMs < read.beginMs &&
      (issue.everything || issue.tags.includes(tag) || issue.keys.includes(tag)),
  );
}

/** The promotion between the eviction and the read, after which the eviction may be missing. */
function lostIn({ faults }: History, read: Read, eviction: Write): Fault | undefined {
  return faults.findLast(
    ({ fault, beginMs, endMs }) =>
      fault === "failover" && eviction.beginMs < endMs && read.endMs > beginMs,
  );
}

/**
 * True when a load past the lease answered the read that began in the same outage of its process in which the read did:
 * while one node of a cluster is lost, what lies on the others is loaded under leases, and excused by nothing.
 */
function areInOneOutage(history: History, read: Read): boolean {
  const { load = "", beganMs: loadBeganMs = 0 } = read.value ?? {};
  if (!isPastLease(history.loads.get(load))) return false;
  return history.told.some(
    (outage) =>
      outage.type === "outage" &&
      outage.worker === read.worker &&
      outage.atMs <= loadBeganMs &&
      read.beginMs <= backAtMs(history, outage),
  );
}

/** For each name, the latest eviction that bound a moment. */
class Bounds {
  readonly #byName = new Map<string, Bound[]>();
  #isSorted = true;

  add(name: string, bound: Bound): void {
    const bounds = this.#byName.get(name);
    if (bounds) bounds.push(bound);
    else this.#byName.set(name, [bound]);
    this.#isSorted = false;
  }

  /** Of the evictions that bind what begins at `atMs`, the one that began last. */
  before(name: string, atMs: number): Bound | undefined {
    if (!this.#isSorted) this.#sort();
    const bounds = this.#byName.get(name);
    if (!bounds) return undefined;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bounds[middle]!.fromMs < atMs) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : bounds[low - 1];
  }

  /** By when they bind; each holds the latest of those up to it, so that the last one found is the strictest. */
  #sort(): void {
    for (const bounds of this.#byName.values()) {
      bounds.sort((a, b) => a.fromMs - b.fromMs);
      for (let at = 1; at < bounds.length; at += 1) {
        const [before, here] = [bounds[at - 1]!, bounds[at]!];
        if (before.eviction.beginMs > here.eviction.beginMs) {
          bounds[at] = { fromMs: here.fromMs, eviction: before.eviction };
        }
      }
    }
    this.#isSorted = true;
  }
}
