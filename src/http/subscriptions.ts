import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { handleProtocols, makeServer, type SubscribePayload } from "graphql-ws";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { Context } from "../context.js";
import { formatError, isUnexpected } from "../schema/errors.js";
import { costProblem } from "./cost-limit.js";
import { GOING_AWAY, serveSocket } from "./graphql-socket.js";
import { limitRules, limits } from "./limits.js";

export interface SubscriptionOptions {
  schema: GraphQLSchema;
  /** The context of one operation. */
  contextOf(caller: { authorization: string | undefined; address: string }): Context;
  /** Whether clients are told no more of an unexpected error than that there was one. */
  mask: boolean;
  log: { error(details: object, message: string): void };
  /** False where a proxy stands for everybody. Default true. */
  limitAddresses?: boolean;
  /** Default `limits.socketLifetimeMs`. */
  lifetimeMs?: number;
  /** Default `limits.socketCloseMs`. */
  closeMs?: number;
}

/** "Try again later", of RFC 6455's registry. */
const TRY_AGAIN_LATER = 1013;

/**
 * Subscriptions over WebSocket at /graphql, by the protocol graphql-transport-ws, and nothing else over it. Staff
 * alone are let in: `connectionParams` must hold `{ authorization: "Bearer <token>" }`.
 */
export function addSubscriptions(fastify: FastifyInstance, options: SubscriptionOptions): void {
  const { schema, contextOf, mask, log, limitAddresses = true } = options;
  // Its types do not know `closeTimeout` yet.
  const serverOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    maxPayload: limits.bodyBytes,
    handleProtocols,
    // Who does not answer would hold a place, and the close of the server, for half a minute.
    closeTimeout: options.closeMs ?? limits.socketCloseMs,
  };
  const sockets = new WebSocketServer(serverOptions);
  const byAddress = new Map<string, number>();
  let isClosing = false;

  const format = (error: GraphQLError): GraphQLFormattedError => {
    // What ends a stream has no path, and is wrapped all the same.
    const original = error.originalError ?? error;
    if (isUnexpected(original)) log.error({ err: original }, "unexpected error in a subscription");
    return formatError(error.toJSON(), original, mask);
  };

  const server = makeServer<{ authorization?: unknown; Authorization?: unknown }, Extra>({
    connectionInitWaitTimeout: 3_000,
    onConnect: async ({ connectionParams, extra }) => {
      const authorization = connectionParams?.authorization ?? connectionParams?.Authorization;
      extra.authorization = typeof authorization === "string" ? authorization : undefined;
      try {
        const session = await contextOf(callerOf(extra)).caller.session();
        return session?.role === "staff";
      } catch (err) {
        if (isUnexpected(err)) log.error({ err }, "a socket's caller could not be looked up");
        extra.socket.close(TRY_AGAIN_LATER, "SESSION_UNAVAILABLE");
        return false;
      }
    },
    onSubscribe: ({ extra, subscriptions }, _id, payload) =>
      Object.keys(subscriptions).length > limits.subscriptionsPerSocket
        ? [refusal(`A socket carries at most ${limits.subscriptionsPerSocket} subscriptions.`)]
        : prepare(schema, payload, () => contextOf(callerOf(extra))),
    onNext: (_context, _id, _payload, _args, { data = null, errors }) => ({
      data,
      ...(errors && { errors: errors.map(format) }),
    }),
    onError: (_context, _id, _payload, errors) => errors.map(format),
  });

  const serve = (socket: WebSocket, request: IncomingMessage) =>
    serveSocket(
      server,
      socket,
      { socket, request },
      {
        lifetimeMs: options.lifetimeMs ?? limits.socketLifetimeMs,
        pingMs: limits.socketPingMs,
        onProblem: (err) => log.error({ err }, "a socket failed"),
      },
    );

  fastify.server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const address = request.socket.remoteAddress ?? "";
    const isCounted = limitAddresses && !/^(127\.|::1$|::ffff:127\.)/.test(address);
    if (request.url?.split("?", 1)[0] !== "/graphql") return refuse(stream, "404 Not Found");
    if (isClosing || sockets.clients.size >= limits.sockets) {
      return refuse(stream, "503 Service Unavailable");
    }
    const fromThere = byAddress.get(address) ?? 0;
    if (isCounted && fromThere >= limits.socketsPerAddress) {
      return refuse(stream, "429 Too Many Requests");
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      byAddress.set(address, (byAddress.get(address) ?? 0) + 1);
      socket.once("close", () => {
        const left = (byAddress.get(address) ?? 1) - 1;
        if (left > 0) byAddress.set(address, left);
        else byAddress.delete(address);
      });
      serve(socket, request);
    });
  });
  // The HTTP server does not close before its sockets have.
  fastify.addHook("preClose", async () => {
    isClosing = true;
    for (const socket of sockets.clients) socket.close(GOING_AWAY, "Going away");
  });
}

interface Extra {
  socket: WebSocket;
  request: IncomingMessage;
  authorization?: string | undefined;
}

function callerOf({ authorization, request }: Extra) {
  return { authorization, address: request.socket.remoteAddress ?? "unknown" };
}

/** The limits of a request over HTTP hold here as well. */
function prepare(
  schema: GraphQLSchema,
  { query, variables, operationName }: SubscribePayload,
  context: () => Context,
): ExecutionArgs | readonly GraphQLError[] {
  try {
    const document = parse(query, { maxTokens: limits.tokens });
    const problems = validate(schema, document, [...specifiedRules, ...limitRules]);
    if (problems.length > 0) return problems;
    const operation = getOperationAST(document, operationName) ?? undefined;
    if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {
      return [refusal("A socket carries subscriptions alone: use POST /graphql.")];
    }
    const problem = costProblem({ schema, document, operation, operationName, variables });
    if (problem) return [problem];
    return {
      schema,
      document,
      contextValue: context(),
      ...(variables != null && { variableValues: variables }),
      ...(operationName != null && { operationName }),
    };
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}

function refusal(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "BAD_REQUEST" } });
}

function refuse(stream: Duplex, status: string): void {
  // Who is refused may hang up in the middle.
  stream.on("error", () => {});
  // Who is told and does not hang up would hold up the close.
  stream.once("finish", () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
