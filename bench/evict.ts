import { Redis } from "ioredis";
import { createCache } from "../src/cache/index.js";
import { startRedis } from "../test/support/redis-server.js";
import { inBatches } from "./support/in-batches.js";
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
/** The server tells of commands that took longer. */
const SLOWLOG_MICROSECONDS = 200;
const EXPIRING = { entries: 10_000, ttlSeconds: 4 };

interface Eviction {
  readonly acknowledgeMs: number;
  readonly freeMs: number;
  readonly slowestMs: number;
  readonly left: Usage;
}

await using server = await startRedis();
const redis = new Redis(server.url);
const cache = createCache({ redis, commandTimeoutMs: 1000 });
await printMachine(redis);
await redis.config("SET", "slowlog-log-slower-than", SLOWLOG_MICROSECONDS);
await redis.config("SET", "slowlog-max-len", 10_000);
await inBatches(FOREIGN_KEYS, (index) => redis.set(`foreign:${index}`, "f".repeat(FOREIGN_BYTES)));
// What is there for good, as the eviction log, is there before anything is compared.
await fill(100, 3600);
await cache.evictTags(["all"]);
await usageOnce(redis, ({ keys }) => keys <= FOREIGN_KEYS + 1, 10_000);
const before = await settledUsage(redis);

printTable(
  `Evicting a tag, on top of ${whole(FOREIGN_KEYS)} foreign keys (${megabytes(before.bytes)}); medians`,
  [
    "entries",
    "acknowledged",
    "freed",
    "each",
    "slowest command",
    "keys left",
    "memory left",
    "wanted",
  ],
  await evictionRows(),
);
console.log(
  `\nWanted: acknowledged <= 2 ms, no command over 2 ms (SLOWLOG), no key and at most 1 % of memory left.`,
);
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
  await redis.slowlog("RESET");
  const startedAt = performance.now();
  await cache.evictTags(["all"]);
  const acknowledgeMs = performance.now() - startedAt;
  // The tag's new version stays for a second; all else should go.
  while ((await redis.dbsize()) > before.keys + 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const freeMs = performance.now() - startedAt;
  const slowestMs = await slowestCommandMs();
  await redis.slowlog("RESET");
  return { acknowledgeMs, freeMs, slowestMs, left: await leftBehind() };
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

async function slowestCommandMs(): Promise<number> {
  const log = (await redis.slowlog("GET", 10_000)) as Array<[number, number, number, string[]]>;
  const slow = log.filter(([, , , [name]]) => !/^(slowlog|info|config)$/i.test(name ?? ""));
  if (process.env.SHOW_SLOW) {
    for (const [, , took, words] of slow) console.log(took, words.join(" ").slice(0, 120));
  }
  return Math.max(0, ...slow.map(([, , microseconds]) => microseconds)) / 1000;
}

function rowOf(entries: number, seen: Eviction[]): string[] {
  const acknowledgeMs = median(seen.map((eviction) => eviction.acknowledgeMs));
  const freeMs = median(seen.map((eviction) => eviction.freeMs));
  const slowestMs = Math.max(...seen.map((eviction) => eviction.slowestMs));
  const keys = Math.max(...seen.map(({ left }) => left.keys - before.keys));
  const share = Math.max(...seen.map(({ left }) => left.bytes / before.bytes - 1));
  return [
    whole(entries),
    ms(acknowledgeMs),
    ms(freeMs),
    `${((freeMs * 1000) / entries).toFixed(0)} µs`,
    slowestMs === 0 ? `< ${SLOWLOG_MICROSECONDS / 1000} ms` : ms(slowestMs),
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

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
