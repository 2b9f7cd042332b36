import { parseArgs } from "node:util";
import {
  type BreakName,
  breakNames,
  breaks,
  isBreak,
  nearAgeTimes,
  needsFailovers,
} from "./breaks.js";
import type { Finding } from "./judge.js";
import type { Topology } from "./protocol.js";
import { describeRun } from "./report.js";
import { type RunOptions, runCheck } from "./run.js";

const USAGE = `npm run check:consistency -- [options]

  --topology single|sentinel|cluster   default single
  --seconds N                          default 60; with --break all, for each break at the most
  --processes N                        default 4
  --seed N                             default: another one each time
  --near SECONDS                       near caches whose entries serve for so long, their pushes cut every second
  --break NAME|all|list                turns one safeguard off; then violations must be found`;

const FOUND: Record<Finding, string> = {
  stale: "stale reads",
  overlaps: "loads at once",
  unpaid: "evictions not issued again, or failovers not noticed",
};

class UsageError extends Error {}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error);
  return 2;
});

async function main(): Promise<number> {
  const { breakName, ...options } = readOptions();
  if (breakName === "list") {
    for (const name of breakNames) {
      const where = needsFailovers(name)
        ? " (not on a single server)"
        : nearAgeTimes(name)
          ? " (with --near)"
          : "";
      console.log(`${name.padEnd(22)}${breaks[name].what}${where}`);
    }
    return 0;
  }
  if (breakName === undefined) return check(options);
  if (breakName !== "all" && !canShow(breakName, options)) {
    const how = needsFailovers(breakName) ? "--topology sentinel or cluster" : "--near";
    throw new UsageError(`--break ${breakName} shows only with ${how}`);
  }
  const names =
    breakName === "all" ? breakNames.filter((name) => canShow(name, options)) : [breakName];
  let unnoticed = 0;
  for (const name of names) unnoticed += await breakOne(options, name);
  return unnoticed === 0 ? 0 : 1;
}

function canShow(name: BreakName, { topology, nearMaxAgeMs }: RunOptions): boolean {
  if (nearAgeTimes(name) !== undefined) return nearMaxAgeMs !== undefined;
  return topology !== "single" || !needsFailovers(name);
}

async function check(options: RunOptions): Promise<number> {
  const result = await runCheck(options);
  console.log(describeRun(options, result));
  return result.verdict.isWrong ? 1 : 0;
}

/** 1 when the break went unnoticed. */
async function breakOne(options: RunOptions, sabotage: BreakName): Promise<number> {
  const began = performance.now();
  const { shows } = breaks[sabotage];
  const { verdict } = await runCheck({ ...options, sabotage, until: shows });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const isFound = verdict[shows].length > 0;
  const found = `${verdict[shows].length} ${FOUND[shows]}`;
  console.log(`${sabotage.padEnd(22)}${isFound ? found : "NOT NOTICED"}, after ${seconds} s`);
  return isFound ? 0 : 1;
}

function readOptions(): RunOptions & { breakName: BreakName | "all" | "list" | undefined } {
  const { values } = parseArgs({
    options: {
      topology: { type: "string", default: "single" },
      seconds: { type: "string", default: "60" },
      processes: { type: "string", default: "4" },
      seed: { type: "string" },
      near: { type: "string" },
      break: { type: "string" },
    },
  });
  const breakName = values.break;
  if (
    breakName !== undefined &&
    breakName !== "all" &&
    breakName !== "list" &&
    !isBreak(breakName)
  ) {
    throw new UsageError(
      `--break must be one of ${breakNames.join(", ")}, all or list, but got: ${breakName}`,
    );
  }
  return {
    topology: topologyOf(values.topology),
    seconds: numberOf("seconds", values.seconds),
    processes: numberOf("processes", values.processes),
    seed: values.seed === undefined ? Date.now() % 1_000_000 : numberOf("seed", values.seed),
    breakName,
    ...(values.near !== undefined && { nearMaxAgeMs: 1000 * numberOf("near", values.near) }),
  };
}

function topologyOf(name: string): Topology {
  if (name === "single" || name === "sentinel" || name === "cluster") return name;
  throw new UsageError(`--topology must be single, sentinel or cluster, but got: ${name}`);
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new UsageError(`--${name} must be a number greater than 0, but got: ${text}`);
}
