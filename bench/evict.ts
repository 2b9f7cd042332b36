import { Redis } from "ioredis";
import { startRedis } from "../test/support/redis-server.js";
import {
  type CommandTimes,
  commandTimes,
  NOTED_MS,
  noteCommandTimes,
  plainCommandTimes,
  resetCommandTimes,
} from "./support/command-times.js";
import { inBatches } from "./support/in-batches.js";
import { buildLibrary, library } from "./support/library.js";
import { printMachine } from "./support/machine.js";
import { median, ms, whole } from "./support/numbers.js";
import { printTable, verdict } from "./support/table.js";
import { settledUsage, type Usage, usageOnce } from "./support/usage.js";

/** Evicting a tag of many entries: the time to acknowledge, the time to free, and what is left behind. */
const SIZES = [1_000, 10_000, 100_000];
const ROUNDS: Record<number, number> = { 1000: 9, 10000: 5, 100000: 3 };
const FOREIGN_KEYS = 5_000;
const FOREIGN_BYTES = 4_096;
const VALUE = "x".repeat(256);
const WANTED = { acknowledgeMs: 2, commandMs: 2, bytesShare: 0.01 };
const PLAIN_MS = 2_000;
const EXPIRING = { entries: 10_000, ttlSeconds: 4 };

interface Eviction {
  readonly acknowledgeMs: number;
  readonly freeMs: number;
  readonly commands: CommandTimes;
  readonly left: Usage;
}

await buildLibrary();
const { createCache } = await library();
await using server = await startRedis();
const redis = new Redis(server.url);
const cache = createCache({ redis, commandTimeoutMs: 1000 });
await printMachine(redis);
await noteCommandTimes(redis);
await inBatches(FOREIGN_KEYS, (index) => redis.set(`foreign:${index}`, "f".repeat(FOREIGN_BYTES)));
// What is there for good, as the eviction log, is there before anything is compared.
await fill(100, 3600);
await cache.evictTags(["all"]);
await usageOnce(redis, ({ keys }) => keys <= FOREIGN_KEYS + 1, 10_000);
await resetCommandTimes(redis);
const before = await settledUsage(redis);

printTable(
  `Evicting a tag, on top of ${whole(FOREIGN_KEYS)} foreign keys (${megabytes(before.bytes)}); medians`,
  [
    "entries",
    "acknowledged",
    "freed",
    "each",
    "dearest command",
    "slowest",
    "keys left",
    "memory left",
    "wanted",
  ],
  await evictionRows(),
);
console.log(
  `\nThe dearest command is an average, the slowest is SLOWLOG's. Wanted: acknowledged <= 2 ms, no command over 2 ms (SLOWLOG), no key and at most 1 % of memory left.`,
);
await printPlainCommands();
await printExpiry();
await cache.close();
redis.disconnect();

async function evictionRows(): Promise<string[][]> {
  const rows: string[][] = [];
  for (const size of SIZES) {
    const seen: Eviction[] = [];
    for (let round = 0; round < (ROUNDS[size] ?? 1); round += 1) seen.push(await evict(size));
    rows.push(rowOf(size, seen));
  }
  return rows;
}

async function evict(entries: number): Promise<Eviction> {
  await fill(entries, 3600);
  // What was filled last is filed in the background, which is not the eviction's to wait for.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await resetCommandTimes(redis);
  const startedAt = performance.now();
  await cache.evictTags(["all"]);
  const acknowledgeMs = performance.now() - startedAt;
  // The tag's new version stays for a second; all else should go.
  while ((await redis.dbsize()) > before.keys + 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const freeMs = performance.now() - startedAt;
  const commands = await commandTimes(redis);
  await resetCommandTimes(redis);
  return { acknowledgeMs, freeMs, commands, left: await leftBehind() };
}

async function fill(entries: number, ttlSeconds: number): Promise<void> {
  const options = { ttlSeconds, tags: ["all"] };
  await inBatches(entries, (index) => cache.getOrSet(`entry:${index}`, options, () => VALUE), 500);
}

/** Tables shrink in the server's own time, so it is given some. */
function leftBehind(): Promise<Usage> {
  const isAsBefore = ({ keys, bytes }: Usage) =>
    keys === before.keys && bytes <= before.bytes * (1 + WANTED.bytesShare);
  return usageOnce(redis, isAsBefore, 20_000);
}

function rowOf(entries: number, seen: Eviction[]): string[] {
  const acknowledgeMs = median(seen.map((eviction) => eviction.acknowledgeMs));
  const freeMs = median(seen.map((eviction) => eviction.freeMs));
  const meanMs = Math.max(...seen.map(({ commands }) => commands.meanMs));
  const slowestMs = Math.max(...seen.map(({ commands }) => commands.slowestMs));
  const keys = Math.max(...seen.map(({ left }) => left.keys - before.keys));
  const share = Math.max(...seen.map(({ left }) => left.bytes / before.bytes - 1));
  return [
    whole(entries),
    ms(acknowledgeMs),
    ms(freeMs),
    `${((freeMs * 1000) / entries).toFixed(0)} µs`,
    ms(meanMs),
    slowest(slowestMs),
    whole(keys),
    percent(share),
    verdict(
      acknowledgeMs <= WANTED.acknowledgeMs &&
        slowestMs <= WANTED.commandMs &&
        keys === 0 &&
        share <= WANTED.bytesShare,
    ),
  ];
}

async function printExpiry(): Promise<void> {
  const { entries, ttlSeconds } = EXPIRING;
  await fill(entries, ttlSeconds);
  const full = await redis.dbsize();
  const left = await leftBehind();
  const share = left.bytes / before.bytes - 1;
  const isKept = left.keys === before.keys && share <= WANTED.bytesShare;
  console.log(
    `\n${whole(full - before.keys)} keys of ${whole(entries)} entries expired by themselves (ttl ${ttlSeconds} s): ` +
      `${left.keys - before.keys} keys and ${percent(share)} of memory left, ${verdict(isKept)}.`,
  );
}

async function printPlainCommands(): Promise<void> {
  const { slowestMs } = await plainCommandTimes(redis, "foreign:0", PLAIN_MS);
  console.log(
    `Of scripts that do next to nothing, sent for ${PLAIN_MS / 1000} s, the slowest took ${slowest(slowestMs)}: the machine's own share.`,
  );
}

function slowest(slowestMs: number): string {
  return slowestMs === 0 ? `< ${ms(NOTED_MS)}` : ms(slowestMs);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
