import { parseArgs } from "node:util";
import { type BreakName, breakNames, breaks, isBreak } from "./breaks.js";
import { describeDetails, describeOutage, head } from "./report.js";
import { runOutage } from "./run.js";
import { scenarios } from "./scenarios.js";

const USAGE = `npm run check:outage -- [options]

  --scenario NAME|list   default: all, one after another
  --seconds N            how long each lasts, default 10
  --processes N          default 2
  --near                 with a near cache
  --details              what each verdict rests on
  --seed N               default: another one each time
  --break NAME|list      turns one safeguard off; then a bound must be missed`;

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof RangeError ? `${error.message}\n\n${USAGE}` : error);
  return 2;
});

async function main(): Promise<number> {
  const { scenario, sabotage, details, ...options } = readOptions();
  if (scenario === "list" || sabotage === "list") {
    const list = Object.entries(sabotage === "list" ? breaks : scenarios);
    for (const [name, { what }] of list) console.log(`${name.padEnd(22)}${what}`);
    return 0;
  }
  const names = scenario === undefined ? Object.keys(scenarios) : [scenario];
  console.log(head);
  let missed = 0;
  for (const name of names) {
    const run = { ...options, scenario: name, sabotage };
    const result = await runOutage(run);
    console.log(describeOutage(run, result));
    if (details) console.log(describeDetails(result));
    if (result.verdict.missed.length > 0) missed += 1;
  }
  if (sabotage === undefined) return missed === 0 ? 0 : 1;
  console.log(missed > 0 ? "Noticed, as it must be." : "NOT NOTICED");
  return missed > 0 ? 0 : 1;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      scenario: { type: "string" },
      seconds: { type: "string", default: "10" },
      processes: { type: "string", default: "2" },
      near: { type: "boolean", default: false },
      details: { type: "boolean", default: false },
      seed: { type: "string" },
      break: { type: "string" },
    },
  });
  const { scenario } = values;
  if (scenario !== undefined && scenario !== "list" && !(scenario in scenarios)) {
    throw new RangeError(
      `--scenario must be one of ${Object.keys(scenarios).join("; ")}, or list, but got: ${scenario}`,
    );
  }
  return {
    scenario,
    sabotage: breakOf(values.break),
    seconds: numberOf("seconds", values.seconds),
    processes: numberOf("processes", values.processes),
    near: values.near,
    details: values.details,
    seed: values.seed === undefined ? Date.now() % 1_000_000 : numberOf("seed", values.seed),
  };
}

function breakOf(name: string | undefined): BreakName | "list" | undefined {
  if (name === undefined || name === "list" || isBreak(name)) return name;
  throw new RangeError(
    `--break must be one of ${breakNames.join("; ")}, or list, but got: ${name}`,
  );
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new RangeError(`--${name} must be a number greater than 0, but got: ${text}`);
}
