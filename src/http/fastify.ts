import cors from "@fastify/cors";
import rateLimit from "@fastify/rate-limit";
import { type FastifyBaseLogger, type FastifyInstance, fastify } from "fastify";
import type { Logger } from "pino";
import type { Config } from "../config.js";
import { addErrorHandler } from "./error-handler.js";
import { limits } from "./limits.js";

/** The HTTP server, without routes: limits, CORS, errors, logs. */
export async function createFastify(config: Config, log: Logger): Promise<FastifyInstance> {
  const server: FastifyInstance = fastify({
    loggerInstance: log as FastifyBaseLogger,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    handlerTimeout: limits.requestTimeoutMs,
    trustProxy: trustProxy(config.trustProxy),
    // A client's own request ids would be another's to forge.
    requestIdHeader: false,
  });
  addErrorHandler(server);
  await server.register(rateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: 60_000,
    allowList: ["127.0.0.1", "::1"],
  });
  if (config.corsOrigins.length > 0) {
    await server.register(cors, { origin: [...config.corsOrigins], methods: ["GET", "POST"] });
  }
  return server;
}

function trustProxy(setting: Config["trustProxy"]) {
  if (typeof setting === "boolean") return setting;
  if (typeof setting === "number") return (_address: string, hop: number) => hop < setting;
  return [...setting];
}
