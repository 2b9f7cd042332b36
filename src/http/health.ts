import type { FastifyInstance } from "fastify";

/** "ok", or one sentence about what is wrong. */
export type Check = () => Promise<"ok" | (string & {})>;

export interface Readiness {
  /** "degraded" serves: what needs Redis doesn't work, or goes to the database. "down" doesn't serve. */
  status: "ok" | "degraded" | "down";
  database: string;
  redis: string;
}

const CHECK_MS = 2_000;

/**
 * `GET /health/live`: the process answers. `GET /health/ready`: 200 while the database answers, else 503;
 * the body tells the database and Redis apart.
 */
export function addHealthRoutes(
  fastify: FastifyInstance,
  checks: { database: Check; redis: Check },
): void {
  const quiet = { logLevel: "warn", config: { rateLimit: false } } as const;
  fastify.get("/health/live", quiet, async () => ({ status: "ok" }));
  fastify.get("/health/ready", quiet, async (_request, reply) => {
    const [database, redis] = await Promise.all([run(checks.database), run(checks.redis)]);
    const readiness: Readiness = {
      status: database !== "ok" ? "down" : redis !== "ok" ? "degraded" : "ok",
      database,
      redis,
    };
    return reply.code(readiness.status === "down" ? 503 : 200).send(readiness);
  });
}

async function run(check: Check): Promise<string> {
  const timeout = AbortSignal.timeout(CHECK_MS);
  const late = new Promise<string>((resolve) => {
    timeout.addEventListener("abort", () => resolve("no answer in time"), { once: true });
  });
  return Promise.race([check().catch(() => "no answer"), late]);
}
