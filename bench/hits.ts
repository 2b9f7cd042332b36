import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { startRedis } from "../test/support/redis-server.js";
import type { Contender, ContenderOptions } from "./contenders/contender.js";
import { graphqlCached } from "./contenders/graphql-cached.js";
import { findContenders } from "./contenders/index.js";
import { inBatches } from "./support/in-batches.js";
import { buildLibrary } from "./support/library.js";
import { printMachine } from "./support/machine.js";
import { median, whole } from "./support/numbers.js";
import { printTable, verdict } from "./support/table.js";

/** Warm hits beside raw `ioredis.get`, in one run: 256-byte values, 10,000 keys, 64 callers at once. */
const KEYS = 10_000;
const VALUE_BYTES = 256;
const CALLERS = 64;
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const ROUND_MS = 700;
const TTL_SECONDS = 3600;

type Lookup = (index: number) => Promise<unknown>;

interface Kind {
  readonly name: string;
  readonly warm: Lookup;
  readonly lookup: Lookup;
  /** How many times raw `ioredis.get` it must reach. */
  readonly atLeast?: number;
  readonly rates: number[];
}

const value = randomBytes(VALUE_BYTES / 2).toString("hex");
const plain: ContenderOptions = { ttlSeconds: TTL_SECONDS };
const tagged: ContenderOptions = { ttlSeconds: TTL_SECONDS, tags: ["all"] };
const record = { id: "m1", text: randomBytes(100).toString("hex"), price: 1275, tags: ["a", "b"] };

await buildLibrary();
await using server = await startRedis();
const raw = new Redis(server.url);
const { installed, missing } = await findContenders();
const open: Contender[] = [];
const kinds: Kind[] = [rawGet(), ...(await ownKinds()), ...(await peerKinds())];

await printMachine(raw);
for (const { warm } of kinds) await inBatches(KEYS, warm, 500);
// The kinds take turns, so that whatever else the machine does meets all of them. The first round only warms up.
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const { lookup, rates } of kinds) {
    const measured = await rate(lookup);
    if (round > 0) rates.push(measured);
  }
}
print();

await Promise.all(open.map((contender) => contender.close()));
raw.disconnect();

function rawGet(): Kind {
  return {
    name: "raw ioredis.get",
    warm: (index) => raw.set(`raw:${index}`, value),
    lookup: (index) => raw.get(`raw:${index}`),
    rates: [],
  };
}

async function ownKinds(): Promise<Kind[]> {
  const cache = await graphqlCached.open(server.url, true);
  open.push(cache);
  const ownTag = (index: number) => ({ ttlSeconds: TTL_SECONDS, tags: [`one:${index}`] });
  return [
    { ...kind("graphql-cached, no tag", cache, "n", () => plain, value), atLeast: 1.3 },
    kind("graphql-cached, one shared tag", cache, "s", () => tagged, value),
    { ...kind("graphql-cached, a tag of its own", cache, "o", ownTag, value), atLeast: 1 },
    kind("graphql-cached, no tag, an object", cache, "j", () => plain, record),
  ];
}

async function peerKinds(): Promise<Kind[]> {
  const found: Kind[] = [];
  for (const { name, hasTags, open: openPeer } of installed.slice(1)) {
    const untagged = await openPeer(server.url, false);
    open.push(untagged);
    found.push(kind(`${name}, no tag`, untagged, `${name}:n`, () => plain, value));
    if (!hasTags) continue;
    const withTags = await openPeer(server.url, true);
    open.push(withTags);
    found.push(kind(`${name}, one shared tag`, withTags, `${name}:s`, () => tagged, value));
  }
  return found;
}

function kind(
  name: string,
  contender: Contender,
  prefix: string,
  options: (index: number) => ContenderOptions,
  stored: unknown,
): Kind {
  const load = async () => stored;
  return {
    name,
    warm: (index) => contender.getOrSet(`${prefix}:${index}`, options(index), load),
    lookup: (index) => contender.getOrSet(`${prefix}:${index}`, options(index), never),
    rates: [],
  };
}

/** Lookups a second. */
async function rate(lookup: Lookup): Promise<number> {
  let done = 0;
  let isOver = false;
  const startedAt = performance.now();
  const caller = async () => {
    while (!isOver) {
      await lookup(Math.floor(Math.random() * KEYS));
      done += 1;
      if ((done & 255) === 0 && performance.now() - startedAt > ROUND_MS) isOver = true;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (done / (performance.now() - startedAt)) * 1000;
}

function print(): void {
  const limit = median((kinds[0] as Kind).rates);
  const rows = kinds.map(({ name, rates, atLeast }) => {
    const ratio = median(rates) / limit;
    const wanted = atLeast ? `>= ${atLeast.toFixed(1)} ${verdict(ratio >= atLeast)}` : "";
    return [name, whole(median(rates)), `${ratio.toFixed(2)} x`, wanted];
  });
  const title = `Warm hits: ${VALUE_BYTES}-byte values, ${whole(KEYS)} keys, ${CALLERS} callers, median of ${ROUNDS} rounds`;
  printTable(title, ["", "lookups/s", "of raw", "wanted"], rows);
  if (missing) console.log(`\n${missing}`);
}

async function never(): Promise<never> {
  throw new Error("A warm hit must not load.");
}
