import { Redis } from "ioredis";
import { startRedis } from "../test/support/redis-server.js";
import { findContenders } from "./contenders/index.js";
import { rawGet } from "./contenders/raw-get.js";
import type { HotOrder, HotReport, LoadSpan } from "./hot-worker.js";
import { buildLibrary } from "./support/library.js";
import { printMachine } from "./support/machine.js";
import { machineNowMs, ms, quantile, whole } from "./support/numbers.js";
import { startProcesses } from "./support/processes.js";
import { printTable, verdict } from "./support/table.js";

/** A hot key that keeps expiring under steady traffic: who waits for its loads, and do they ever overlap. */
const PROCESSES = 2;
const REQUESTS_PER_SECOND = 1000;
const SECONDS = Number(process.env.SECONDS ?? 10);
/** Of a service that has been up for a while the code is compiled, and the young heap has its size. */
const WARM_UP_SECONDS = Number(process.env.WARM_UP_SECONDS ?? 5);
const TTL_SECONDS = 1;
const LOAD_MS = 50;
const WANTED = { loads: 13, p999Ms: 5 };

await buildLibrary();
await using server = await startRedis();
const redis = new Redis(server.url);
await printMachine(redis);
const { installed, missing } = await findContenders();
const rows: string[][] = [];
for (const { name } of [rawGet, ...installed]) rows.push(row(name, await measure(name)));
printTable(
  `Hot key: ttl ${TTL_SECONDS} s, ${whole(REQUESTS_PER_SECOND)} requests/s in ${PROCESSES} processes for ${SECONDS} s, ${LOAD_MS} ms load, default options`,
  ["", "loads", "overlapping", "p50", "p99.9", "worst", "wanted: <= 13, 0, p99.9 <= 5 ms"],
  rows,
);
console.log("\nThe first fill is over when the clock starts; requests come evenly spaced.");
if (missing) console.log(missing);
redis.disconnect();

async function measure(name: string): Promise<HotReport[]> {
  const program = new URL("./hot-worker.ts", import.meta.url);
  await using processes = await startProcesses<HotOrder, HotReport>(PROCESSES, program, [
    name,
    server.url,
  ]);
  const order: HotOrder = {
    key: `hot:${name}`,
    ttlSeconds: TTL_SECONDS,
    loadMs: LOAD_MS,
    requests: 0,
    everyMs: (1000 * PROCESSES) / REQUESTS_PER_SECOND,
    startAtMs: 0,
  };
  // Code and connections of every process are warm before the one key of the measurement is filled.
  const warmUp = {
    ...order,
    key: `warm:${name}`,
    requests: (REQUESTS_PER_SECOND / PROCESSES) * WARM_UP_SECONDS,
  };
  await processes.run((index) => ({ ...warmUp, startAtMs: startOf(index, order.everyMs) }));
  await processes.run((index) => ({ ...order, requests: index === 0 ? 1 : 0 }));
  const requests = (REQUESTS_PER_SECOND / PROCESSES) * SECONDS;
  // Awaited, since the processes end with this function.
  return await processes.run((index) => ({
    ...order,
    requests,
    startAtMs: startOf(index, order.everyMs),
  }));
}

/** The processes take turns. */
function startOf(process: number, everyMs: number): number {
  return machineNowMs() + 20 + (process * everyMs) / PROCESSES;
}

function row(name: string, reports: HotReport[]): string[] {
  const loads = reports.flatMap((report) => report.loads);
  const latencies = reports.flatMap((report) => report.latenciesMs);
  const overlapping = overlaps(loads);
  const p999 = quantile(latencies, 0.999);
  const isKept = loads.length <= WANTED.loads && overlapping === 0 && p999 <= WANTED.p999Ms;
  return [
    name,
    whole(loads.length),
    whole(overlapping),
    ms(quantile(latencies, 0.5)),
    ms(p999),
    ms(Math.max(...latencies)),
    name === "graphql-cached" ? verdict(isKept) : "",
  ];
}

/** How many loads began before an earlier one had ended. */
function overlaps(loads: readonly LoadSpan[]): number {
  const inOrder = [...loads].sort((a, b) => a.beginMs - b.beginMs);
  let latestEndMs = Number.NEGATIVE_INFINITY;
  let found = 0;
  for (const { beginMs, endMs } of inOrder) {
    if (beginMs < latestEndMs) found += 1;
    latestEndMs = Math.max(latestEndMs, endMs);
  }
  return found;
}
