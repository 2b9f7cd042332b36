import { makeExecutableSchema } from "@graphql-tools/schema";
import type { IResolvers } from "@graphql-tools/utils";
import { type ExecutionResult, execute, type GraphQLSchema, parse, validate } from "graphql";
import { onTestFinished } from "vitest";
import { createCache } from "../../../src/cache/cache.js";
import type { CacheOptions } from "../../../src/cache/cache-options.js";
import type { CachedError } from "../../../src/cache/errors.js";
import type { CacheEvent } from "../../../src/cache/events.js";
import type { Cache } from "../../../src/cache/types.js";
import { type CacheDirectives, cacheDirectives } from "../../../src/directives/cache-directives.js";
import type { FieldOutcome } from "../../../src/directives/observations.js";
import type { CacheDirectivesOptions } from "../../../src/directives/options.js";

/** What the tests' requests carry. */
export interface TestContext {
  viewer?: string | number | null;
  locale?: string;
  [extra: string]: unknown;
}

export interface CachedSchema {
  readonly cache: Cache;
  readonly directives: CacheDirectives;
  readonly schema: GraphQLSchema;
  /** How often each origin was asked, by the name given to `asked`. */
  readonly asked: (name: string) => number;
  /** What the cache reported, and what the directives reported. */
  readonly events: CacheEvent[];
  readonly problems: CachedError[];
  run(query: string, context?: TestContext, variables?: Record<string, unknown>): Promise<Answer>;
}

export interface Answer extends ExecutionResult<Record<string, unknown>> {
  readonly outcomes: readonly FieldOutcome[];
  readonly isPrivate: boolean;
}

export interface SchemaParts {
  typeDefs: string;
  /** Is given the counter of origins. */
  resolvers(count: (name: string) => void): IResolvers;
  options?: CacheDirectivesOptions<TestContext>;
  cacheOptions?: CacheOptions;
  /** In place of a cache of the schema's own. */
  cache?: Cache;
}

/** The viewer as most tests tell it. */
export const byViewer: CacheDirectivesOptions<TestContext> = { viewer: ({ viewer }) => viewer };

/** A cache in this process whose entries live exactly their ttl, closed when the test ends. */
export function createTestCache(options: CacheOptions = {}): Cache {
  const cache = createCache({ earlyRefresh: 0, ttlJitter: 0, ...options });
  onTestFinished(() => cache.close());
  return cache;
}

/** A schema with the directives applied over a cache of its own. */
export function createCachedSchema(parts: SchemaParts): CachedSchema {
  const { typeDefs, resolvers, options = {}, cacheOptions = {} } = parts;
  const events: CacheEvent[] = [];
  const problems: CachedError[] = [];
  const counts = new Map<string, number>();
  const cache =
    parts.cache ?? createTestCache({ onEvent: (event) => events.push(event), ...cacheOptions });
  const directives = cacheDirectives<TestContext>(cache, {
    onProblem: (problem) => problems.push(problem),
    ...options,
  });
  const schema = directives.apply(
    makeExecutableSchema({
      typeDefs: [directives.typeDefs, typeDefs],
      resolvers: resolvers((name) => counts.set(name, (counts.get(name) ?? 0) + 1)),
    }),
  );
  return {
    cache,
    directives,
    schema,
    events,
    problems,
    asked: (name) => counts.get(name) ?? 0,
    run: async (query, context = {}, variableValues = {}) => {
      const document = parse(query);
      const mistakes = validate(schema, document);
      if (mistakes[0]) throw mistakes[0];
      const contextValue = { ...context };
      const observation = directives.observe(contextValue, { outcomes: true });
      const result = await execute({ schema, document, contextValue, variableValues });
      return {
        ...(result as ExecutionResult<Record<string, unknown>>),
        outcomes: observation.outcomes,
        isPrivate: observation.isPrivate,
      };
    },
  };
}
