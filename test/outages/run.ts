import { nowMs, pause } from "../consistency/clock.js";
import { createFleet } from "../consistency/fleet.js";
import { createHistory, type Fault, type History } from "../consistency/history.js";
import { createOrigin } from "../consistency/origin.js";
import type { BreakName } from "./breaks.js";
import { judgeOutage, type OutageVerdict } from "./judge.js";
import { scenarios } from "./scenarios.js";
import type { OutageWorkerConfig } from "./worker.js";

export interface OutageOptions {
  readonly scenario: string;
  /** How long it lasts, unless it is over by itself. */
  readonly seconds: number;
  readonly seed: number;
  readonly processes?: number;
  readonly requestsPerSecond?: number;
  readonly near?: boolean;
  readonly sabotage?: BreakName | undefined;
}

export interface OutageRun {
  readonly history: History;
  readonly fault: Fault;
  readonly verdict: OutageVerdict;
}

const entry = new URL("worker.ts", import.meta.url);
const CALM_MS = 2500;
const AFTERWARDS_MS = 4000;

/** A fleet under steady requests on real servers, to which one thing happens; its whole history, judged. */
export async function runOutage(options: OutageOptions): Promise<OutageRun> {
  const scenario = scenarios[options.scenario];
  if (!scenario) throw new RangeError(`There is no scenario named ${options.scenario}.`);
  const { processes = 2, requestsPerSecond = 200, near = false, seed, sabotage } = options;
  const history = createHistory();
  const scene = await scenario.start();
  const config: Omit<OutageWorkerConfig, "worker"> = {
    seed,
    urls: scene.urls,
    requestsPerSecond: requestsPerSecond / processes,
    near,
    sabotage,
  };
  const fleet = createFleet(config, createOrigin(), history, entry);
  try {
    await Promise.all(Array.from({ length: processes }, () => fleet.start()));
    await pause(CALM_MS);
    const fault: Fault = {
      type: "fault",
      fault: scenario.fault,
      beginMs: nowMs(),
      endMs: Number.POSITIVE_INFINITY,
    };
    history.faults.push(fault);
    await scene.befall();
    if (!scenario.passes) await pause(options.seconds * 1000);
    await scene.mend();
    fault.endMs = nowMs();
    await pause(AFTERWARDS_MS);
    await fleet.stop();
    return { history, fault, verdict: judgeOutage(history, scenario, scene, fault) };
  } finally {
    fleet.abandon();
    await scene.end();
  }
}
