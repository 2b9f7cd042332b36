import type { DocumentNode, GraphQLError, GraphQLFieldResolver } from "graphql";
import type { CachedError } from "../cache/errors.js";
import type { Cache } from "../cache/types.js";

/** One operation to be compared; a plain string stands for `{ query }`. */
export interface TestOperation {
  readonly query: string | DocumentNode;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Needed where the document holds several operations. */
  readonly operationName?: string;
  /** The context of this operation, called for each of its runs. Default: that of the options. */
  readonly context?: () => unknown;
}

export interface ExpectOptions {
  /**
   * Makes the context of a run, as a server makes one for each request: with DataLoaders of its own, or the runs would
   * answer each other from their memory. May return a promise. Default: an empty object.
   */
  readonly context?: () => unknown;
  readonly rootValue?: unknown;
  /** The server's own default resolver, where it has one. Default: that of `cacheDirectives`. */
  readonly fieldResolver?: GraphQLFieldResolver<unknown, unknown>;
  /** An empty cache, which stays open. Default: one in this process, for this call alone. */
  readonly cache?: Cache;
}

/** What was compared, so that a test can see that it was not nothing. */
export interface Compared {
  /** Comparisons of an answer of the cached schema with one of the plain schema. */
  readonly answers: number;
  /** How often a cached field was answered from an entry. */
  readonly hits: number;
  /** Coordinates of the cached fields that were answered from an entry at least once. */
  readonly fieldsHit: readonly string[];
  /**
   * What mutations failed with, and queries with and without the cache alike. A mutation that was refused has changed
   * nothing, so the comparisons after it show nothing.
   */
  readonly errors: readonly GraphQLError[];
  /** What kept results from being cached, each once. */
  readonly problems: readonly CachedError[];
}
