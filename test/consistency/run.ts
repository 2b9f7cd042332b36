import { type BreakName, needsFailovers } from "./breaks.js";
import { nowMs, pause } from "./clock.js";
import { createDice } from "./dice.js";
import { causeFaults } from "./faults.js";
import { createFleet } from "./fleet.js";
import { createHistory, type History } from "./history.js";
import { type Finding, judge, type Verdict } from "./judge.js";
import { createOrigin } from "./origin.js";
import type { Topology } from "./protocol.js";
import { startServers } from "./servers.js";
import { PREFIX } from "./world.js";

export interface RunOptions {
  readonly topology: Topology;
  /** How long the fleet works, without the starting and stopping of it. */
  readonly seconds: number;
  readonly processes: number;
  readonly seed: number;
  readonly sabotage?: BreakName | undefined;
  /** Turns the near cache on, and cuts the connections that pushes come on every second. */
  readonly nearMaxAgeMs?: number | undefined;
  /** Ends the run as soon as such a thing is found. */
  readonly until?: Finding;
}

export interface RunResult {
  readonly history: History;
  readonly verdict: Verdict;
}

/** Short, so that many loads outlive it. */
const LEASE_MS = 400;
const WAIT_MS = 2000;
const COMMAND_TIMEOUT_MS = 250;
const FAULT_EVERY_MS = 130;
const PUSHES_CUT_EVERY_MS = 1000;
/** As likely as the other faults are; many, where it is they that a break shows in. */
const SOME_FAILOVERS = 4;
const MANY_FAILOVERS = 20;
/** Before the sentinels tell of a promotion, and until the old master knows. */
const FAILOVER_BEGAN_MS = 4000;
const OLD_MASTER_MS = 2000;
const LOOK_EVERY_MS = 250;

export const limits = {
  leaseMs: LEASE_MS,
  waitMs: WAIT_MS,
  untilMs: Number.POSITIVE_INFINITY,
};

/** A fleet at work on real servers while things go wrong; its whole history, judged. */
export async function runCheck(options: RunOptions): Promise<RunResult> {
  const { topology, seconds, processes, seed, sabotage, nearMaxAgeMs, until } = options;
  const dice = createDice(seed);
  const history = createHistory();
  await using servers = await startServers(topology, dice);
  const fleet = createFleet(
    {
      seed,
      target: servers.target,
      leaseMs: LEASE_MS,
      waitMs: WAIT_MS,
      commandTimeoutMs: COMMAND_TIMEOUT_MS,
      sabotage,
      nearMaxAgeMs,
    },
    createOrigin(),
    history,
  );
  try {
    await Promise.all(Array.from({ length: processes }, () => fleet.start()));
    servers.onPromotion?.(() => noteFailover(history));
    let isOver = false;
    const faults = causeFaults(
      {
        leaseMs: LEASE_MS,
        prefix: PREFIX,
        everyMs: FAULT_EVERY_MS,
        failovers: failoversFor(sabotage),
        pushesCutEveryMs: nearMaxAgeMs === undefined ? undefined : PUSHES_CUT_EVERY_MS,
      },
      dice,
      servers,
      fleet,
      history,
      () => isOver,
    );
    // A failover that is told of afterwards may excuse what was found meanwhile.
    const settlesMs = topology === "single" ? 0 : FAILOVER_BEGAN_MS + OLD_MASTER_MS;
    let foundAtMs: number | undefined;
    const endsAtMs = nowMs() + seconds * 1000;
    while (nowMs() < endsAtMs) {
      await pause(Math.min(LOOK_EVERY_MS, endsAtMs - nowMs()));
      if (!until) continue;
      const untilMs = history.toldUntilMs(fleet.running());
      const verdict = judge(history, { ...limits, untilMs, nearMaxAgeMs });
      foundAtMs = verdict[until].length > 0 ? (foundAtMs ?? nowMs()) : undefined;
      if (foundAtMs !== undefined && nowMs() - foundAtMs >= settlesMs) break;
    }
    isOver = true;
    await faults;
    await fleet.stop();
    return { history, verdict: judge(history, { ...limits, nearMaxAgeMs }) };
  } finally {
    fleet.abandon();
  }
}

/** A master that got too little of the processor counts as dead, and the sentinels promote another by themselves. */
function noteFailover({ faults }: History): void {
  const atMs = nowMs();
  if (faults.some(({ fault, endMs }) => fault === "failover" && endMs >= atMs)) return;
  faults.push({
    type: "fault",
    fault: "failover",
    beginMs: atMs - FAILOVER_BEGAN_MS,
    endMs: atMs + OLD_MASTER_MS,
  });
}

/** What shows without failovers shows sooner: while one goes on, which takes seconds, nothing else goes wrong. */
function failoversFor(sabotage: BreakName | undefined): number {
  if (sabotage === undefined) return SOME_FAILOVERS;
  return needsFailovers(sabotage) ? MANY_FAILOVERS : 0;
}
