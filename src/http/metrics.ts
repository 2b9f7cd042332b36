import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";

/** What the metrics read of the cache; a `Cache` fits. */
export interface CacheNumbers {
  stats(): Readonly<Record<CacheNumber, number>>;
}

const CACHE_NUMBERS = {
  hits: "Look-ups answered from a fresh entry",
  staleHits: "Look-ups answered from a stale entry",
  misses: "Look-ups that loaded",
  waits: "Look-ups that waited for another's load",
  loads: "Loads run, stored or not",
  fills: "Entries stored",
  evictions: "Tags evicted",
  errors: "Failures inside the cache that no caller saw",
} as const;
type CacheNumber = keyof typeof CACHE_NUMBERS;

/** `GET /metrics` for Prometheus, behind `token` where there is one. A registry of its own: nothing global. */
export function addMetricsRoute(
  fastify: FastifyInstance,
  options: { cache: CacheNumbers; token?: string | undefined },
): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerCacheNumbers(registry, options.cache);
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
function registerCacheNumbers(registry: Registry, cache: CacheNumbers): void {
  for (const [name, help] of Object.entries(CACHE_NUMBERS) as [CacheNumber, string][]) {
    new Counter({
      name: `cache_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(cache.stats()[name]);
      },
    });
  }
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
