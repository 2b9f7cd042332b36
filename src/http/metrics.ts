import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

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

/** What they read of the origin. */
export interface OriginNumbers {
  /** SQL statements sent since the start. */
  readonly statements: number;
}

/** What they read of the outbox; a `PostgresOutbox` fits. */
export interface OutboxNumbers {
  stats(): Readonly<Record<OutboxNumber, number>>;
  health(): Promise<{ pending: number | null; oldestSeconds: number | null }>;
}

/** What they read of a queue of writes; a `WriteBehind` fits. */
export interface QueueNumbers {
  readonly name: string;
  health(): Promise<QueueReading>;
}

interface QueueReading {
  pending: number;
  deadLetters: number;
  oldestSeconds: number;
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
type CacheNumber = keyof typeof CACHE_NUMBERS;

const OUTBOX_NUMBERS = {
  delivered: "Recorded evictions delivered by this process",
  undelivered: "Attempts to deliver recorded evictions at which Redis was out of reach",
  errors: "Failures of the outbox",
} as const;
type OutboxNumber = keyof typeof OUTBOX_NUMBERS;

/** `GET /metrics` for Prometheus, behind `token` where there is one. A registry of its own: nothing global. */
export function addMetricsRoute(
  fastify: FastifyInstance,
  options: {
    cache: CacheNumbers;
    origin?: OriginNumbers;
    outbox?: OutboxNumbers;
    queues?: readonly QueueNumbers[];
    token?: string | undefined;
  },
): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerNumbers(registry, "cache", CACHE_NUMBERS, () => options.cache.stats());
  registerCacheState(registry, options.cache);
  countFields(registry, options.cache);
  if (options.origin) registerStatements(registry, options.origin);
  if (options.outbox) registerOutboxNumbers(registry, options.outbox);
  registerQueues(registry, options.queues ?? []);
  observeRequests(registry, fastify);
  fastify.get(
    "/metrics",
    { logLevel: "warn", config: { rateLimit: false } },
    async (request, reply) => {
      if (!isAllowed(request.headers.authorization, options.token)) {
        return reply.code(401).header("www-authenticate", "Bearer").send({ error: "Unauthorized" });
      }
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
}

/** Read when they are scraped, so that a hit costs nothing here. */
function registerNumbers<Name extends string>(
  registry: Registry,
  prefix: string,
  numbers: Readonly<Record<Name, string>>,
  read: () => Readonly<Record<Name, number>>,
): void {
  for (const [name, help] of Object.entries(numbers) as [Name, string][]) {
    new Counter({
      name: `${prefix}_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read()[name]);
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

function registerStatements(registry: Registry, origin: OriginNumbers): void {
  new Counter({
    name: "origin_statements_total",
    help: "SQL statements sent to the database",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(origin.statements);
    },
  });
}

/** Asked once a scrape, whose gauges are all read at once. */
function registerCacheState(registry: Registry, cache: CacheNumbers): void {
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

function registerOutboxNumbers(registry: Registry, outbox: OutboxNumbers): void {
  registerNumbers(registry, "outbox", OUTBOX_NUMBERS, () => outbox.stats());
  const gauge = (name: string, help: string, read: () => Promise<number | null>) =>
    new Gauge({
      name: `outbox_${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set((await read()) ?? Number.NaN);
      },
    });
  gauge(
    "pending",
    "Evictions recorded in the database and not delivered yet; NaN when it does not say",
    async () => (await outbox.health()).pending,
  );
  gauge("oldest_seconds", "Age of the oldest of them; NaN when there is none", async () => {
    return (await outbox.health()).oldestSeconds;
  });
}

function registerQueues(registry: Registry, queues: readonly QueueNumbers[]): void {
  const gauge = (name: string, number: keyof QueueReading, help: string) =>
    new Gauge({
      name: `write_behind_${name}`,
      help,
      labelNames: ["queue"],
      registers: [registry],
      async collect() {
        for (const queue of queues) {
          const reading = await queue.health().catch(() => undefined);
          this.set({ queue: queue.name }, reading?.[number] ?? Number.NaN);
        }
      },
    });
  gauge("pending", "pending", "Writes that the database does not have yet; NaN without Redis");
  gauge("dead_letters", "deadLetters", "Writes that were given up; NaN without Redis");
  gauge("oldest_seconds", "oldestSeconds", "Age of the oldest pending write; NaN without Redis");
}

function observeRequests(registry: Registry, fastify: FastifyInstance): void {
  const seconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time to answer an HTTP request",
    labelNames: ["method", "route", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  fastify.addHook("onResponse", async (request, reply) => {
    // The route's pattern, not the path: a client must not be able to make up label values.
    const route = request.routeOptions.url ?? "none";
    seconds.observe(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / 1_000,
    );
  });
}

/** Compares digests, whose lengths are equal, in constant time. */
function isAllowed(header: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  return timingSafeEqual(sha256(header ?? ""), sha256(`Bearer ${token}`));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
