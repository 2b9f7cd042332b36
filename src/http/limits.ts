import { maxAliasesRule } from "@escape.tech/graphql-armor-max-aliases";
import { maxDepthRule } from "@escape.tech/graphql-armor-max-depth";
import { GraphQLError, type ValidationContext, type ValidationRule } from "graphql";

/** What one request may ask for; each is several times what a frontend needs. */
export const limits = {
  bodyBytes: 100_000,
  tokens: 1_000,
  depth: 10,
  aliases: 20,
  /** Fields to resolve, counted with the most that their lists can hold: a page of 100 orders whole, with 50 lines each. */
  cost: 50_000,
  /** Fields and fragments selected, a fragment's as often as it is spread: what it takes to count the cost. */
  selections: 10_000,
  /** Open sockets for subscriptions, of all and from one address (loopback is exempt), and what one may do. */
  sockets: 200,
  socketsPerAddress: 20,
  subscriptionsPerSocket: 5,
  /** Then a socket is closed, and its client connects anew. */
  socketLifetimeMs: 3_600_000,
  socketPingMs: 12_000,
  /** What a client may take to answer that its socket is closed. */
  socketCloseMs: 1_000,
  requestTimeoutMs: 30_000,
  /** From one address; loopback is exempt, since a proxy on the same machine stands for everybody. */
  requestsPerMinute: 1_200,
} as const;

const config = {
  propagateOnRejection: false,
  onReject: [
    (context: ValidationContext | null, error: GraphQLError) =>
      context?.reportError(new GraphQLError(error.message.replace("Syntax Error: ", ""))),
  ],
};

/** The limits that the document alone decides. What an operation costs with its variables: `costLimitPlugin`. */
export const limitRules: ValidationRule[] = [
  maxDepthRule({ n: limits.depth, flattenFragments: true, ...config }),
  maxAliasesRule({ n: limits.aliases, ...config }),
];
