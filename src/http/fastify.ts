import cors from "@fastify/cors";
import rateLimit from "@fastify/rate-limit";
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  fastify,
} from "fastify";
import type { Logger } from "pino";
import type { Config } from "../config.js";
import { addErrorHandler, answerFailure } from "./error-handler.js";
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
    frameworkErrors: answerFailure,
  });
  addErrorHandler(server);
  server.addHook("onRequest", refuseMalformedHost);
  endConnectionsOnClose(server);
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

/** A connection kept alive after the last answer would hold up the close until its deadline. */
function endConnectionsOnClose(server: FastifyInstance): void {
  let isClosing = false;
  server.addHook("preClose", async () => {
    isClosing = true;
  });
  server.addHook("onSend", async (_request, reply) => {
    if (isClosing) reply.header("connection", "close");
  });
}

/** The GraphQL handler makes a URL of it. Load balancers ask for health by HTTP/1.0, which needs no Host. */
async function refuseMalformedHost(request: FastifyRequest): Promise<void> {
  if (request.headers.host === undefined && request.routeOptions.url !== "/graphql") return;
  if (URL.canParse(`${request.protocol}://${request.hostname}/`)) return;
  throw Object.assign(new Error("The Host header must be a host name"), { statusCode: 400 });
}

function trustProxy(setting: Config["trustProxy"]) {
  if (typeof setting === "boolean") return setting;
  if (typeof setting === "number") return (_address: string, hop: number) => hop < setting;
  return [...setting];
}
