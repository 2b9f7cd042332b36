import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/**
 * Answers what fails outside GraphQL (a body too large or malformed, a rate limit, a timeout) in GraphQL's
 * form: one error with a message and a code. What nobody meant to fail is logged and masked.
 */
export function addErrorHandler(fastify: FastifyInstance): void {
  fastify.setErrorHandler(answerFailure);
  fastify.setNotFoundHandler((request: FastifyRequest, reply) =>
    answer(reply, 404, `There is no ${request.method} ${request.url.slice(0, 100)}`, "NOT_FOUND"),
  );
}

/** Also of what fails before there is a route: a path that is no well-formed URL (`frameworkErrors`). */
export function answerFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const status = error.statusCode ?? 500;
  const isOurs = status < 500 || error.code === "FST_ERR_HANDLER_TIMEOUT";
  if (!isOurs) request.log.error({ err: error }, "unexpected error");
  const message = isOurs ? error.message : "Internal server error";
  return answer(reply, status, message, codeOf(status));
}

function answer(reply: FastifyReply, status: number, message: string, code: string) {
  return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
}

function codeOf(status: number): string {
  if (status === 413) return "REQUEST_TOO_LARGE";
  if (status === 429) return "TOO_MANY_REQUESTS";
  if (status === 503) return "REQUEST_TIMEOUT";
  return status < 500 ? "BAD_REQUEST" : "INTERNAL_SERVER_ERROR";
}
