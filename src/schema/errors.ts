import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";

/** The caller is not signed in. */
export const unauthenticated = () =>
  new GraphQLError("This needs a session: sign in, and send Authorization: Bearer <token>.", {
    extensions: { code: "UNAUTHENTICATED" },
  });

/** The caller is signed in, and may not do this. */
export const forbidden = () =>
  new GraphQLError("This is for staff.", { extensions: { code: "FORBIDDEN" } });

/** An argument breaks a rule of its field. */
export const badUserInput = (message: string) =>
  new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });

/** Codes of the errors that origin and services throw on purpose, and what clients see of each. */
const KNOWN: Readonly<Record<string, { code: string; details?: readonly string[] }>> = {
  E_INVALID_INPUT: { code: "BAD_USER_INPUT" },
  E_INVALID_CURSOR: { code: "BAD_USER_INPUT" },
  E_NOT_FOUND: { code: "NOT_FOUND" },
  E_EMPTY_ORDER: { code: "EMPTY_CART" },
  E_ITEM_UNAVAILABLE: { code: "ITEM_UNAVAILABLE", details: ["itemId"] },
  E_INSUFFICIENT_STOCK: { code: "INSUFFICIENT_STOCK", details: ["ingredient", "left"] },
  E_TICKET_COMPLETED: { code: "TICKET_COMPLETED" },
  E_TICKET_NOT_CLAIMED: { code: "TICKET_NOT_CLAIMED" },
  E_CAMPAIGN_EXISTS: { code: "CAMPAIGN_EXISTS" },
  E_EMAIL_TAKEN: { code: "EMAIL_TAKEN" },
  E_BAD_INPUT: { code: "BAD_USER_INPUT" },
  E_NOT_SIGNED_IN: { code: "UNAUTHENTICATED" },
  E_WRONG_CREDENTIALS: { code: "UNAUTHENTICATED" },
  E_SESSION_UNAVAILABLE: { code: "SESSION_UNAVAILABLE" },
  E_KITCHEN_UNAVAILABLE: { code: "KITCHEN_UNAVAILABLE" },
  E_TOO_MANY_ATTEMPTS: { code: "TOO_MANY_ATTEMPTS", details: ["retryAfterSeconds"] },
  E_SERVER_BUSY: { code: "SERVER_BUSY" },
  E_DATABASE_BUSY: { code: "SERVER_BUSY" },
};

/**
 * What a client sees of an error: those thrown on purpose with their code, message and details; GraphQL's own
 * as they are; any other, when `mask` is set, as "Internal server error". Never a stack trace.
 */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
  mask: boolean,
): GraphQLFormattedError {
  const original = unwrapResolverError(error);
  const known = knownError(original);
  if (known !== undefined) {
    return { ...formatted, message: known.message, extensions: known.extensions };
  }
  if (mask && isUnexpected(error)) return { ...formatted, message: "Internal server error" };
  return formatted;
}

/** One that was thrown on purpose, as clients see it; any other as it is. */
export function asGraphQLError(error: unknown): unknown {
  const known = knownError(error);
  return known ? new GraphQLError(known.message, { extensions: known.extensions }) : error;
}

/** True for an error that nobody meant to throw: it belongs in the log, whole. */
export function isUnexpected(error: unknown): boolean {
  const original = unwrapResolverError(error);
  if (knownError(original) !== undefined) return false;
  if (!(original instanceof GraphQLError)) return true;
  return original.extensions.code === "INTERNAL_SERVER_ERROR";
}

function knownError(error: unknown) {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return;
  const known = KNOWN[error.code];
  if (known === undefined) return;
  const details = Object.fromEntries(
    (known.details ?? []).map((name) => [name, Reflect.get(error, name)]),
  );
  return { message: error.message, extensions: { code: known.code, ...details } };
}
