import { parseArgs } from "node:util";
import { describeKills, judgeKills } from "./report.js";
import { type KillOptions, type Round, runKills } from "./run.js";

const USAGE = `npm run check:kills -- [options]

  --kills N   default 100
  --seed N    default: another one each time
  --break     with the outbox off; then violations must be found`;

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof RangeError ? `${error.message}\n\n${USAGE}` : error);
  return 2;
});

async function main(): Promise<number> {
  const options = readOptions();
  const began = performance.now();
  const rounds: Round[] = [];
  await runKills({
    ...options,
    onRound: (round) => {
      rounds.push(round);
      if (process.stderr.isTTY) process.stderr.write(`\r${round.n} of ${options.kills}`);
    },
  }).catch((error: unknown) => {
    console.log(describeKills(options, rounds));
    throw error;
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  console.log(describeKills(options, rounds));
  console.log(`in ${Math.round((performance.now() - began) / 1000)} s`);
  const { isWrong, stale } = judgeKills(rounds);
  if (!options.isBroken) return isWrong ? 1 : 0;
  console.log(stale.length > 0 ? "Noticed, as it must be." : "NOT NOTICED");
  return stale.length > 0 ? 0 : 1;
}

function readOptions(): KillOptions {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "100" },
      seed: { type: "string" },
      break: { type: "boolean", default: false },
    },
  });
  return {
    kills: numberOf("kills", values.kills),
    seed: values.seed === undefined ? Date.now() % 1_000_000 : numberOf("seed", values.seed),
    isBroken: values.break,
  };
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new RangeError(`--${name} must be a whole number greater than 0, but got: ${text}`);
}
