import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type CacheNumbers, registerCache } from "./cache-metrics.js";
import { type OutboxNumbers, registerOutbox } from "./outbox-metrics.js";

/** What the metrics read of the origin. */
export interface OriginNumbers {
  /** SQL statements sent since the start. */
  readonly statements: number;
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
  registerCache(registry, options.cache);
  if (options.origin) registerStatements(registry, options.origin);
  if (options.outbox) registerOutbox(registry, options.outbox);
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
