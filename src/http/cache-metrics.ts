import { Counter, Gauge, type Registry } from "prom-client";
import { registerNumbers } from "./register-numbers.js";

/** What the metrics read of the cache; a `Cache` fits. */
export interface CacheNumbers {
  stats(): Readonly<Record<CacheNumber, number>>;
  health(): Promise<CacheState>;
  onEvent(listener: (event: { type: string; coordinate?: string }) => void): unknown;
}

/** What keeps it from its promises now; a `CacheHealth` fits. */
export interface CacheState {
  breaker: { state: string; lostNodes: readonly string[] };
  pushConnected: boolean;
  undeliveredEvictions: number;
  problems: readonly string[];
}

const CACHE_NUMBERS = {
  nearHits: "Look-ups answered by this process's near cache",
  hits: "Look-ups answered from a fresh entry",
  staleHits: "Look-ups answered from a stale entry",
  misses: "Look-ups that loaded",
  waits: "Look-ups that waited for another's load",
  loads: "Loads run, stored or not",
  fills: "Entries stored",
  evictions: "Tags evicted",
  puts: "Writes taken on to be written to the database later",
  written: "Keys written to the database from a queue",
  writeFailures: "Writes from a queue that failed, and are tried again",
  deadLetters: "Writes from a queue that were given up",
  outages: "Times a breaker opened, the store's or that of a node of a cluster",
  errors: "Failures inside the cache that no caller saw",
} as const;
type CacheNumber = keyof typeof CACHE_NUMBERS;

const CACHE_GAUGES: Readonly<Record<string, [help: string, read: (state: CacheState) => number]>> =
  {
    problems: [
      "What is degraded, as many things; 0 when all is well",
      (state) => state.problems.length,
    ],
    breaker_state: [
      "The store's circuit breaker: 0 closed, 1 half-open, 2 open",
      ({ breaker }) => ["closed", "half-open", "open"].indexOf(breaker.state),
    ],
    lost_nodes: [
      "Nodes of a cluster whose breakers are open",
      ({ breaker }) => breaker.lostNodes.length,
    ],
    push_connected: ["Whether pushes come: 1, or 0", (state) => Number(state.pushConnected)],
    undelivered_evictions: [
      "Evictions of this process that the store has not got yet",
      (state) => state.undeliveredEvictions,
    ],
  };

export function registerCache(registry: Registry, cache: CacheNumbers): void {
  registerNumbers(registry, "cache", CACHE_NUMBERS, () => cache.stats());
  registerState(registry, cache);
  countFields(registry, cache);
}

/** Asked once a scrape, whose gauges are all read at once. */
function registerState(registry: Registry, cache: CacheNumbers): void {
  let asked: Promise<CacheState> | undefined;
  for (const [name, [help, read]] of Object.entries(CACHE_GAUGES)) {
    new Gauge({
      name: `cache_${name}`,
      help,
      registers: [registry],
      async collect() {
        asked ??= cache.health().finally(() => {
          asked = undefined;
        });
        this.set(read(await asked));
      },
    });
  }
}

/** Counted as they happen: the cache itself counts all fields together. */
function countFields(registry: Registry, cache: CacheNumbers): void {
  const lookups = new Counter({
    name: "cache_field_lookups_total",
    help: "Look-ups of each cached field, by how they were answered",
    labelNames: ["field", "answer"],
    registers: [registry],
  });
  cache.onEvent(({ type, coordinate }) => {
    if (coordinate !== undefined && FIELD_ANSWERS.has(type)) {
      lookups.inc({ field: coordinate, answer: type });
    }
  });
}

const FIELD_ANSWERS = new Set(["hit", "nearHit", "staleHit", "miss", "wait"]);
