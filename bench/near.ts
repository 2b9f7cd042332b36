import { Redis } from "ioredis";
import { LRUCache } from "lru-cache";
import { startRedis } from "../test/support/redis-server.js";
import { importAs } from "./contenders/contender.js";
import type { EvictOrder, EvictReport } from "./near-evictor.js";
import { buildLibrary, library } from "./support/library.js";
import { printMachine } from "./support/machine.js";
import { machineNowMs, median, ms, quantile, whole } from "./support/numbers.js";
import { startProcesses } from "./support/processes.js";
import { printTable, verdict } from "./support/table.js";

/** Near hits beside the peers' memory tiers, and how soon a change in one process is seen in another. */
const KEYS = 1_000;
const AT_ONCE = 64;
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const ROUND_MS = 400;
const TTL_SECONDS = 3600;
const CHANGES = 300;
const WANTED = { ofPeer: 1.5, ofLru: 0.4, seenMs: 5 };

type Lookup = (key: string) => Promise<unknown>;

interface Kind {
  readonly name: string;
  readonly lookup: Lookup;
  readonly isPeer?: boolean;
  readonly rates: number[];
}

const values = {
  string: (key: string) => key.padEnd(256, "x"),
  object: (key: string) => ({ id: key, text: "x".repeat(200), price: 1275, tags: ["a", "b"] }),
};

await buildLibrary();
const { createCache } = await library();
await using server = await startRedis();
const redis = new Redis(server.url);
await printMachine(redis);
for (const [what, valueFor] of Object.entries(values)) await compare(what, valueFor);
await printSeen();
redis.disconnect();

async function compare(what: string, valueFor: (key: string) => unknown): Promise<void> {
  const keys = Array.from({ length: KEYS }, (_, index) => `${what}:${index}`);
  const cache = createCache({ redis, commandTimeoutMs: 1000, near: { maxAgeSeconds: 600 } });
  const options = { ttlSeconds: TTL_SECONDS };
  const lru = new LRUCache<string, object | string>({ max: KEYS });
  for (const key of keys) lru.set(key, valueFor(key) as string);
  const kinds: Kind[] = [
    { name: "awaited lru-cache get", lookup: async (key) => lru.get(key), rates: [] },
    {
      name: "graphql-cached, near",
      lookup: (key) => cache.getOrSet(key, options, async () => valueFor(key)),
      rates: [],
    },
    ...(await peers(valueFor)),
  ];
  for (const { lookup } of kinds) for (const key of keys) await lookup(key);
  // Pushes of its own commits have come.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await cache.warm(keys);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { lookup, rates } of kinds) {
      const measured = await rate(lookup, keys);
      if (round > 0) rates.push(measured);
    }
  }
  const limit = median(kinds[0]?.rates ?? []);
  const best = Math.max(0, ...kinds.map(({ isPeer, rates }) => (isPeer ? median(rates) : 0)));
  printTable(
    `Near hits, ${what === "string" ? "256-byte strings" : "small objects"}: ${whole(KEYS)} keys, ${AT_ONCE} callers, median of ${ROUNDS} rounds`,
    ["", "lookups/s", "of lru-cache", "of the fastest peer", "wanted"],
    kinds.map(({ name, rates }, index) => {
      const own = median(rates);
      const isKept = own >= WANTED.ofLru * limit && own >= WANTED.ofPeer * best;
      return [
        name,
        whole(own),
        `${(own / limit).toFixed(2)} x`,
        best > 0 ? `${(own / best).toFixed(2)} x` : "",
        index === 1 ? `>= 0.4, >= 1.5 ${verdict(isKept)}` : "",
      ];
    }),
  );
  await cache.close();
}

async function peers(valueFor: (key: string) => unknown): Promise<Kind[]> {
  const found: Kind[] = [];
  const add = async (name: string, open: () => Promise<Lookup>) => {
    const lookup = await open().catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ERR_MODULE_NOT_FOUND") return undefined;
      throw error;
    });
    if (lookup) found.push({ name: `${name}, memory`, lookup, isPeer: true, rates: [] });
  };
  await add("async-cache-dedupe", async () => {
    const { createCache: create } = await importAs<DedupeModule>("async-cache-dedupe");
    const cache = create({
      ttl: TTL_SECONDS,
      storage: { type: "memory", options: { size: KEYS } },
    });
    cache.define("entry", {}, async (key) => valueFor(key));
    return (key) => cache.entry(key);
  });
  await add("bentocache", async () => {
    const { BentoCache, bentostore } = await importAs<BentoModule>("bentocache");
    const { memoryDriver } = await importAs<MemoryDriverModule>("bentocache/drivers/memory");
    const store = bentostore().useL1Layer(memoryDriver({ maxItems: KEYS }));
    const cache = new BentoCache({ default: "memory", stores: { memory: store } });
    return (key) =>
      cache.getOrSet({ key, ttl: TTL_SECONDS * 1000, factory: async () => valueFor(key) });
  });
  await add("cacheable", async () => {
    const { Cacheable } = await importAs<CacheableModule>("cacheable");
    const cache = new Cacheable({});
    return (key) => cache.getOrSet(key, async () => valueFor(key), { ttl: TTL_SECONDS * 1000 });
  });
  return found;
}

/** Lookups a second. */
async function rate(lookup: Lookup, keys: readonly string[]): Promise<number> {
  let done = 0;
  let isOver = false;
  const startedAt = performance.now();
  const caller = async (from: number) => {
    for (let at = from; !isOver; at += 7) {
      await lookup(keys[at % KEYS] as string);
      done += 1;
      if ((done & 1023) === 0 && performance.now() - startedAt > ROUND_MS) isOver = true;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => caller(index * 13)));
  return (done / (performance.now() - startedAt)) * 1000;
}

/** From the end of an eviction in another process to the first lookup here that no longer has the entry near. */
async function printSeen(): Promise<void> {
  await using others = await startProcesses<EvictOrder, EvictReport>(
    1,
    new URL("./near-evictor.ts", import.meta.url),
    [server.url],
  );
  const cache = createCache({ redis, near: { maxAgeSeconds: 600 } });
  const options = { ttlSeconds: TTL_SECONDS, tags: ["seen"] };
  const load = async () => "value";
  const isNear = () => cache.lookupNear("seen", options) !== undefined;
  const trails: number[] = [];
  for (let change = 0; change < CHANGES; change += 1) {
    while (!isNear()) {
      await cache.getOrSet("seen", options, load);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const evicting = others.run(() => ({ tag: "seen" }));
    while (isNear()) await new Promise(setImmediate);
    const seenMs = machineNowMs();
    const [report] = await evicting;
    trails.push(Math.max(0, seenMs - (report?.acknowledgedMs ?? 0)));
  }
  const p99 = quantile(trails, 0.99);
  console.log(
    `\nAn eviction by another process was seen ${ms(median(trails))} after its acknowledgement, ${ms(p99)} at p99 (wanted: <= 5 ms ${verdict(p99 <= WANTED.seenMs)}).`,
  );
  await cache.close();
}

interface DedupeModule {
  createCache(options: { ttl: number; storage: unknown }): {
    define(name: "entry", options: object, load: (key: string) => Promise<unknown>): void;
    entry(key: string): Promise<unknown>;
  };
}

interface BentoModule {
  BentoCache: new (options: {
    default: string;
    stores: Record<string, unknown>;
  }) => {
    getOrSet(options: {
      key: string;
      ttl: number;
      factory: () => Promise<unknown>;
    }): Promise<unknown>;
  };
  bentostore(): { useL1Layer(driver: unknown): unknown };
}

interface MemoryDriverModule {
  memoryDriver(options: { maxItems: number }): unknown;
}

interface CacheableModule {
  Cacheable: new (
    options: object,
  ) => {
    getOrSet(key: string, load: () => Promise<unknown>, options: { ttl: number }): Promise<unknown>;
  };
}
