import { Redis } from "ioredis";
import { startRedis } from "../test/support/redis-server.js";
import type { ContenderKind } from "./contenders/contender.js";
import { findContenders } from "./contenders/index.js";
import { inBatches } from "./support/in-batches.js";
import { buildLibrary } from "./support/library.js";
import { printMachine } from "./support/machine.js";
import { whole } from "./support/numbers.js";
import { printTable, verdict } from "./support/table.js";
import { settledUsage, usageOnce } from "./support/usage.js";

/** What an entry takes in Redis, all told: its value, its tag's index, the tables of keys and of expiries. */
const ENTRIES = 10_000;
const VALUE_BYTES = 256;
const TTL_SECONDS = 3600;
const WANTED_BYTES = { shared: 550, own: 750 };

type Tags = (index: number) => string[];

const shared: Tags = () => ["all"];
const own: Tags = (index) => [`one:${index}`];

await buildLibrary();
const { installed, missing } = await findContenders();
const rows: string[][] = [];
for (const kind of installed) if (kind.hasTags) rows.push(await row(kind));
printTable(
  `Bytes of Redis memory an entry: ${VALUE_BYTES}-byte value, ${whole(ENTRIES)} entries, keys as "entry:1234"`,
  ["", "one shared tag", "a tag of its own", "wanted: <= 550, <= 750"],
  rows,
);
if (missing) console.log(`\n${missing}`);

async function row(kind: ContenderKind): Promise<string[]> {
  const [sharedBytes, ownBytes] = [await bytesAnEntry(kind, shared), await bytesAnEntry(kind, own)];
  const isKept = sharedBytes <= WANTED_BYTES.shared && ownBytes <= WANTED_BYTES.own;
  return [
    kind.name,
    whole(sharedBytes),
    whole(ownBytes),
    kind.name === "graphql-cached" ? verdict(isKept) : "",
  ];
}

/** On a server of its own, so that nobody inherits another's tables. */
async function bytesAnEntry(kind: ContenderKind, tags: Tags): Promise<number> {
  await using server = await startRedis();
  const redis = new Redis(server.url);
  if (rows.length === 0 && tags === shared) await printMachine(redis);
  const cache = await kind.open(server.url, true);
  // Scripts and whatever else comes once.
  await cache.getOrSet("hello", { ttlSeconds: 1, tags: ["hello"] }, async () => "hello");
  await usageOnce(redis, ({ keys }) => keys <= 1, 5_000);
  const before = await settledUsage(redis);
  const load = async () => "x".repeat(VALUE_BYTES);
  await inBatches(ENTRIES, (index) =>
    cache.getOrSet(`entry:${index}`, { ttlSeconds: TTL_SECONDS, tags: tags(index) }, load),
  );
  const after = await settledUsage(redis);
  await cache.close();
  redis.disconnect();
  return (after.bytes - before.bytes) / ENTRIES;
}
