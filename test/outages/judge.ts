import { createKeys } from "../../src/cache/redis/keys.js";
import { keySlot } from "../../src/key-slot.js";
import { findOverlaps } from "../consistency/check-overlap.js";
import { findStaleReads, type StaleRead } from "../consistency/check-stale.js";
import type { Fault, History, Load, Read, Write } from "../consistency/history.js";
import { COMMAND_TIMEOUT_MS, PREFIX, plans } from "./plan.js";
import type { Scenario, Scene } from "./scenarios.js";
import { OPERATION } from "./traffic.js";

/** Two loads of one key at once, of which one is too many. */
export interface Doubled {
  readonly earlier: Load;
  readonly later: Load;
}

/** An act past its bound. */
export interface Slow {
  readonly act: Read | Write;
  readonly tookMs: number;
  readonly wasOpen: boolean;
}

/** What a run showed, beside its bounds. */
export interface OutageVerdict {
  readonly requests: number;
  readonly failed: number;
  /**
   * How much longer than the origin the slowest took: of the requests that began while a breaker of their process was
   * open, and of all others; without stalls.
   */
  readonly slowestOpenMs: number;
  readonly slowestClosedMs: number;
  /** How long the processes did not run while the slowest was under way; it is not counted. */
  readonly stalledMs: number;
  readonly doubled: readonly Doubled[];
  readonly slowest: readonly Slow[];
  /** Until every process had a hit from Redis again, from Redis's return. */
  readonly recoveryMs: number;
  readonly stale: readonly StaleRead[];
  /** Stale reads that no promise rules out. */
  readonly apart: readonly StaleRead[];
  /** Reads that needed nothing of what was lost, and were answered as if they had. */
  readonly needless: number;
  /** The bounds that were missed, each as a few words; empty when all is well. */
  readonly missed: readonly string[];
}

export const bounds = {
  openMs: 100,
  closedMs: 100 + 2 * COMMAND_TIMEOUT_MS,
  recoveryMs: 2000,
};

const LEASE_MS = 10_000;

interface Span {
  readonly beginMs: number;
  readonly endMs: number;
}

export function judgeOutage(
  history: History,
  scenario: Scenario,
  scene: Pick<Scene, "urls" | "isLost" | "lostNode">,
  fault: Fault,
): OutageVerdict {
  const workers = [...new Set(history.reads.map(({ worker }) => worker))];
  const open = new Map(workers.map((worker) => [worker, openSpans(history, worker)]));
  const isIn = (spans: readonly Span[] = [], atMs: number) =>
    spans.some(({ beginMs, endMs }) => atMs >= beginMs && atMs < endMs);

  const writes = [...history.writes.values()];
  const acts = [...history.reads, ...writes];
  const slowest: Slow[] = [];
  let [slowestOpenMs, slowestClosedMs, stalledMs] = [0, 0, 0];
  for (const act of acts) {
    const { worker, beginMs, endMs } = act;
    if (endMs === Number.POSITIVE_INFINITY) continue;
    // Of the process that loaded it as well, which may have been another.
    const loader = (act.type === "read" && act.value?.worker) || worker;
    const stalled =
      stalledIn(history, worker, beginMs, endMs) +
      (loader === worker ? 0 : stalledIn(history, loader, beginMs, endMs));
    const tookMs = endMs - beginMs - stalled - originMs(history, act);
    const wasOpen = isIn(open.get(worker), beginMs);
    if (tookMs > (wasOpen ? bounds.openMs : bounds.closedMs))
      slowest.push({ act, tookMs, wasOpen });
    if (tookMs > (wasOpen ? slowestOpenMs : slowestClosedMs)) {
      if (wasOpen) slowestOpenMs = tookMs;
      else slowestClosedMs = tookMs;
      stalledMs = Math.max(stalledMs, stalled);
    }
  }
  const failed =
    history.reads.filter(({ how }) => how === "error").length +
    writes.filter(({ endMs }) => endMs === Number.POSITIVE_INFINITY).length;
  const doubled = [
    ...findDoubled(history, open, scene.urls.length > 1),
    ...findOverlaps(history, limits),
  ];
  const recoveryMs = Math.max(
    0,
    ...workers.map((worker) => recoveredAfter(history, worker, fault)),
  );
  const reads = findStaleReads(history);
  const stale = reads.filter(({ apart }) => !apart);
  const needless = scene.isLost ? findNeedless(history, scene, scene.isLost, fault).length : 0;
  const neverOpened = workers.filter((worker) => open.get(worker)?.length === 0);

  const missed = [
    ...(failed > 0 ? ["failed"] : []),
    ...(slowestOpenMs > bounds.openMs ? ["slow while open"] : []),
    ...(slowestClosedMs > bounds.closedMs ? ["slow while closed"] : []),
    ...(doubled.length > 0 ? ["doubled loads"] : []),
    ...(recoveryMs > bounds.recoveryMs ? ["late recovery"] : []),
    ...(stale.length > 0 ? ["stale"] : []),
    ...(needless > 0 ? ["healthy nodes left out"] : []),
    ...(scenario.opens && neverOpened.length > 0 ? ["breaker never opened"] : []),
    ...history.crashes,
  ];
  return {
    requests: acts.length,
    failed,
    slowestOpenMs,
    slowestClosedMs,
    stalledMs,
    doubled,
    slowest,
    recoveryMs,
    stale,
    apart: reads.filter(({ apart }) => apart),
    needless,
    missed,
  };
}

const limits = { leaseMs: LEASE_MS, waitMs: 5000, untilMs: Number.POSITIVE_INFINITY };

/** From each outage that the process told of to its recovery; of a cluster, while any of its nodes was lost. */
function openSpans({ told }: History, worker: string): Span[] {
  const spans: Span[] = [];
  let beginMs: number | undefined;
  for (const one of told) {
    if (one.worker !== worker) continue;
    if (one.type === "outage") beginMs ??= one.atMs;
    if (one.type === "recovery" && beginMs !== undefined) {
      spans.push({ beginMs, endMs: one.atMs });
      beginMs = undefined;
    }
  }
  if (beginMs !== undefined) spans.push({ beginMs, endMs: Number.POSITIVE_INFINITY });
  return spans;
}

/** What the load took that answered it, while it waited. */
function originMs({ loads }: History, act: Read | Write): number {
  const load = act.type === "read" && act.value ? loads.get(act.value.load) : undefined;
  if (!load) return 0;
  return Math.max(0, Math.min(act.endMs, load.endMs) - Math.max(act.beginMs, load.beginMs));
}

/** A process that did not run answers nobody; on a busy machine that is not the cache's doing. */
function stalledIn({ stalls }: History, worker: string, beginMs: number, endMs: number): number {
  let sum = 0;
  for (const stall of stalls) {
    if (stall.worker !== worker) continue;
    sum += Math.max(0, Math.min(endMs, stall.endMs) - Math.max(beginMs, stall.beginMs));
  }
  return sum;
}

/**
 * Two loads of one key at once in one process, both of which could be of use. The earlier one is of none where
 *
 * - an eviction of one of its tags, or of its key, was under way between its begin and the later one's;
 * - it was refused, or what its lease hung on was lost;
 * - it began on the other side of a breaker's opening or closing: what it is to be stored under is then not known, or
 *   it is not to be stored;
 * - on a cluster with a lost node, it belongs to an operation that is older than the last eviction of whatever: it may
 *   hand out what the operation remembers, and that may have been evicted, for all that is known.
 */
function findDoubled(
  history: History,
  open: ReadonlyMap<string, readonly Span[]>,
  isCluster: boolean,
): Doubled[] {
  const byKey = new Map<string, Load[]>();
  for (const load of history.loads.values()) {
    const name = `${load.worker} ${load.key}`;
    const loads = byKey.get(name);
    if (loads) loads.push(load);
    else byKey.set(name, [load]);
  }
  const refused = new Set(
    history.told.flatMap(({ type, call }) => (type === "refused" && call ? [call] : [])),
  );
  const found: Doubled[] = [];
  for (const loads of byKey.values()) {
    loads.sort((a, b) => a.beginMs - b.beginMs);
    loads.forEach((later, at) => {
      for (const earlier of loads.slice(Math.max(0, at - 10), at)) {
        if (earlier.endMs <= later.beginMs || isOfNoUse(earlier, later)) continue;
        found.push({ earlier, later });
        break;
      }
    });
  }
  return found;

  function isOfNoUse(earlier: Load, later: Load): boolean {
    const [call = ""] = earlier.load.split("/");
    if (refused.has(call)) return true;
    const meets = (beginMs: number, endMs: number) =>
      beginMs <= later.beginMs && endMs >= earlier.beginMs;
    const isTouched = [...history.issues.values()].some(
      (issue) =>
        (issue.everything ||
          issue.keys.includes(earlier.key) ||
          issue.tags.some((tag) => earlier.tags.includes(tag))) &&
        meets(issue.beginMs, issue.endMs),
    );
    if (isTouched) return true;
    for (const write of history.writes.values()) {
      const concerns =
        write.type === "evict"
          ? write.tags.some((tag) => earlier.tags.includes(tag))
          : write.key === earlier.key;
      if (concerns && meets(write.beganMs, write.endMs)) return true;
    }
    const crosses = history.told.some(
      ({ type, worker, atMs }) =>
        (type === "node lost" || type === "node back") &&
        worker === earlier.worker &&
        atMs >= earlier.calledMs &&
        atMs <= later.beginMs,
    );
    if (crosses) return true;
    const spans = open.get(earlier.worker) ?? [];
    if (isCluster && earlier.load.includes(OPERATION)) {
      for (const { beganMs } of history.writes.values()) {
        if (beganMs <= later.beginMs && beganMs >= earlier.calledMs - PUSH_MS) return true;
      }
    }
    // While it is open nothing is kept that could be lost.
    if (spans.some(({ beginMs, endMs }) => later.beginMs >= beginMs && later.beginMs < endMs)) {
      return false;
    }
    return history.faults.some(
      ({ fault, beginMs, endMs }) =>
        (fault === "flush" || fault === "failover") && meets(beginMs, endMs),
    );
  }
}

function recoveredAfter(history: History, worker: string, { endMs }: Fault): number {
  const first = history.reads.find(
    (read) => read.worker === worker && read.how === "hit" && read.beginMs >= endMs,
  );
  return (first?.endMs ?? Number.POSITIVE_INFINITY) - endMs;
}

/** An operation may not have heard of what was evicted so shortly before it. */
const PUSH_MS = 50;

/** So long after it is lost a node may go unnoticed. */
const NOTICED_MS = 1000;

/** Reads that a lost node has nothing to do with, and that were all the same answered as in an outage. */
function findNeedless(
  history: History,
  { lostNode }: Pick<Scene, "lostNode">,
  isLost: (slot: number) => boolean,
  fault: Fault,
): Read[] {
  const keys = createKeys(PREFIX);
  const isWell = new Map(
    plans.map(({ key, tags }) => [
      key,
      ![keys.entry(key), ...tags.map(keys.tag)].some((name) => isLost(keySlot(name))),
    ]),
  );
  // Without the log nothing can be filled, and what is not there is loaded by everybody.
  if (isLost(keySlot(keys.log))) return [];
  return history.reads.filter(({ key, how, worker, beginMs, endMs }) => {
    if (!isWell.get(key) || how !== "outage") return false;
    if (beginMs < fault.beginMs + NOTICED_MS || endMs > fault.endMs) return false;
    return !mayHaveLostMore(worker, beginMs, endMs);
  });

  /** On a busy machine another node may not answer in time either. */
  function mayHaveLostMore(worker: string, beginMs: number, endMs: number): boolean {
    const others = history.told.filter((told) => told.worker === worker && told.node !== lostNode);
    return others.some(({ type, atMs, node }) => {
      if (type !== "node lost" || atMs > endMs) return false;
      const back = others.find(
        (told) => told.type === "node back" && told.node === node && told.atMs >= atMs,
      );
      return (back?.atMs ?? Number.POSITIVE_INFINITY) >= beginMs;
    });
  }
}
