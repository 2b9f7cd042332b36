import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { createCache } from "../src/cache/index.js";
import { startRedis } from "../test/support/redis-server.js";

/** Warm hits beside raw `ioredis.get`, in one run: 256-byte values, 10,000 keys, 64 callers at once. */
const KEYS = 10_000;
const VALUE_BYTES = 256;
const CALLERS = 64;
const ROUNDS = 7;
const ROUND_MS = 700;

type Lookup = (index: number) => Promise<unknown>;

const value = randomBytes(VALUE_BYTES / 2).toString("hex");
const record = { id: "m1", text: randomBytes(100).toString("hex"), price: 1275, tags: ["a", "b"] };

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

const server = await startRedis();
const raw = new Redis(server.url);
const cache = createCache({ redis: raw, earlyRefresh: 0, commandTimeoutMs: 1000 });
const never = () => {
  throw new Error("A warm hit must not load.");
};
const kinds: Record<string, { warm: Lookup; lookup: Lookup }> = {
  "raw ioredis.get": {
    warm: (index) => raw.set(`raw:${index}`, value),
    lookup: (index) => raw.get(`raw:${index}`),
  },
  "getOrSet, no tag": lookups("n", () => ({ ttlSeconds: 3600 }), value),
  "getOrSet, one shared tag": lookups("s", () => ({ ttlSeconds: 3600, tags: ["all"] }), value),
  "getOrSet, a tag of its own": lookups(
    "o",
    (index) => ({ ttlSeconds: 3600, tags: [`one:${index}`] }),
    value,
  ),
  "getOrSet, no tag, an object": lookups("j", () => ({ ttlSeconds: 3600 }), record),
};

function lookups(
  name: string,
  options: (index: number) => { ttlSeconds: number; tags?: string[] },
  stored: unknown,
) {
  return {
    warm: (index: number) => cache.getOrSet(`${name}:${index}`, options(index), () => stored),
    lookup: (index: number) => cache.getOrSet(`${name}:${index}`, options(index), never),
  };
}

const rates = new Map<string, number[]>(Object.keys(kinds).map((name) => [name, []]));
for (const { warm } of Object.values(kinds)) {
  for (let from = 0; from < KEYS; from += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, offset) => warm(from + offset)));
  }
}
// The kinds take turns, so that whatever else the machine does meets all of them.
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, { lookup }] of Object.entries(kinds)) {
    const measured = await rate(lookup);
    if (round > 0) rates.get(name)?.push(measured);
  }
}

const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number;
const limit = median(rates.get("raw ioredis.get") as number[]);
for (const [name, measured] of rates) {
  const perSecond = median(measured);
  console.log(
    `${name.padEnd(30)} ${Math.round(perSecond).toLocaleString("en").padStart(9)}/s   ${(perSecond / limit).toFixed(2)} × raw`,
  );
}
await cache.close();
raw.disconnect();
await server.stop();
