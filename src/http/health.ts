import type { FastifyInstance } from "fastify";
import { inTime } from "./in-time.js";

/** Rejects when what it asks doesn't answer. */
export type Check = () => Promise<unknown>;

export interface Readiness {
  /** "degraded" serves: without sessions, and from the database instead of the cache. "down" doesn't serve. */
  status: "ok" | "degraded" | "down";
  database: "ok" | "down";
  /** "none": not set up; sessions and cache live in this process. */
  redis: "ok" | "down" | "none";
  /** Evictions recorded in the database and not delivered yet; absent when it does not say. */
  undeliveredEvictions?: number;
  /** Absent where the cache is not asked, or does not say. */
  cache?: {
    /** Of the store's breaker: "closed" asks Redis, "open" and "half-open" do without. */
    breaker: "closed" | "open" | "half-open";
    /** Nodes of a cluster that are done without. */
    lostNodes: number;
    pushConnected: boolean;
    /** Evictions of this process that Redis has not got yet. */
    undeliveredEvictions: number;
  };
  /** What is wrong, each as one sentence. */
  problems: string[];
}

/** What it asks of a cache; a `Cache`'s health fits. */
export interface CacheReading {
  breaker: { state: "closed" | "open" | "half-open"; lostNodes: readonly string[] };
  pushConnected: boolean;
  undeliveredEvictions: number;
  problems: readonly string[];
}

/** What the route asks of an outbox; a `PostgresOutbox`'s health fits. */
export interface OutboxReading {
  pending: number | null;
  problems: readonly string[];
}

/** `GET /health/live`: the process answers. `GET /health/ready`: a Readiness, with 503 when it is down. */
export function addHealthRoutes(
  fastify: FastifyInstance,
  checks: {
    database: Check;
    redis: Check | undefined;
    cache?: () => Promise<CacheReading>;
    outbox?: () => Promise<OutboxReading>;
  },
): void {
  const quiet = { logLevel: "warn", config: { rateLimit: false } } as const;
  fastify.get("/health/live", quiet, async () => ({ status: "ok" }));
  fastify.get("/health/ready", quiet, async (_request, reply) => {
    const [database, redis, cache, outbox] = await Promise.all([
      run(checks.database),
      checks.redis ? run(checks.redis) : ("none" as const),
      checks.cache && inTime(checks.cache()),
      checks.outbox && inTime(checks.outbox()),
    ]);
    const problems = [
      ...(database === "down" ? ["The database does not answer."] : []),
      ...(redis === "down" ? ["Redis does not answer."] : []),
      ...(cache?.problems ?? []),
      // What it says of a database that is down has been said.
      ...(database === "ok" && outbox ? outbox.problems.map(withoutReason) : []),
    ];
    const readiness: Readiness = {
      status: database === "down" ? "down" : problems.length > 0 ? "degraded" : "ok",
      database,
      redis,
      ...(cache && { cache: shown(cache) }),
      ...(outbox && outbox.pending !== null && { undeliveredEvictions: outbox.pending }),
      problems,
    };
    return reply.code(database === "down" ? 503 : 200).send(readiness);
  });
}

/** What a database says of itself may name its address, its users and its tables. */
function withoutReason(problem: string): string {
  return problem.replace(/, but: .*$/s, ", but it failed.");
}

/** Anybody may ask, so no addresses. */
function shown(reading: CacheReading): NonNullable<Readiness["cache"]> {
  const { breaker, pushConnected, undeliveredEvictions } = reading;
  return {
    breaker: breaker.state,
    lostNodes: breaker.lostNodes.length,
    pushConnected,
    undeliveredEvictions,
  };
}

async function run(check: Check): Promise<"ok" | "down"> {
  const answer = await inTime(
    check().then(
      () => "ok" as const,
      () => "down" as const,
    ),
  );
  return answer ?? "down";
}
