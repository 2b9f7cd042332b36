import type { FastifyInstance } from "fastify";

/** Rejects when what it asks doesn't answer. */
export type Check = () => Promise<unknown>;

export interface Readiness {
  /** "degraded" serves: without sessions, and from the database instead of the cache. "down" doesn't serve. */
  status: "ok" | "degraded" | "down";
  database: "ok" | "down";
  /** "none": not set up; sessions and cache live in this process. */
  redis: "ok" | "down" | "none";
  /** What is wrong, each as one sentence. */
  problems: string[];
}

const CHECK_MS = 2_000;

/** `GET /health/live`: the process answers. `GET /health/ready`: a Readiness, with 503 when it is down. */
export function addHealthRoutes(
  fastify: FastifyInstance,
  checks: { database: Check; redis: Check | undefined },
): void {
  const quiet = { logLevel: "warn", config: { rateLimit: false } } as const;
  fastify.get("/health/live", quiet, async () => ({ status: "ok" }));
  fastify.get("/health/ready", quiet, async (_request, reply) => {
    const [database, redis] = await Promise.all([
      run(checks.database),
      checks.redis ? run(checks.redis) : ("none" as const),
    ]);
    const readiness: Readiness = {
      status: database === "down" ? "down" : redis === "down" ? "degraded" : "ok",
      database,
      redis,
      problems: [
        ...(database === "down" ? ["The database does not answer."] : []),
        ...(redis === "down" ? ["Redis does not answer."] : []),
      ],
    };
    return reply.code(database === "down" ? 503 : 200).send(readiness);
  });
}

async function run(check: Check): Promise<"ok" | "down"> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<"down">((resolve) => {
    timer = setTimeout(resolve, CHECK_MS, "down");
  });
  const answer = check().then(
    () => "ok" as const,
    () => "down" as const,
  );
  return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
}
