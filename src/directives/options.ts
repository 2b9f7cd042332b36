import type { GraphQLFieldResolver, GraphQLResolveInfo } from "graphql";
import type { CachedError } from "../cache/errors.js";
import type { ResultPaths } from "./value-path.js";

/** A request's DataLoaders, or anything else that remembers what it loaded. */
export interface ClearableLoader {
  clearAll(): unknown;
}

export type Authorize<Context> = (
  // Resolvers are typed apart from the schema, so the parent's type is the caller's to state.
  source: never,
  args: never,
  context: Context,
  info: GraphQLResolveInfo,
) => boolean | Promise<boolean>;

export interface CacheDirectivesOptions<Context = unknown> {
  /**
   * Who asks: a non-empty string or a number, unique among all principals; undefined, null or "" for nobody.
   * Must be given where the schema has a PRIVATE field or a template with {viewer}.
   */
  viewer?: (context: Context) => string | number | null | undefined;
  /** What of the context tells results apart, by the names that `vary` in the directive uses: tenant, role, locale. */
  vary?: Readonly<Record<string, (context: Context) => unknown>>;
  /**
   * Who may read a field, by its coordinate, as "Query.order". Runs before the lookup, on a hit as on a miss.
   * Only `true`, or a promise of it, lets through; all else, and what throws, is answered with the error code FORBIDDEN,
   * but for a GraphQLError, which is passed on as thrown.
   */
  authorize?: Readonly<Record<string, Authorize<Context>>>;
  /**
   * The request's DataLoaders, cleared after its evictions: what they remember is older. Make them anew for each
   * request: where they outlive an operation, later ones store nothing that was evicted since the loaders were first
   * seen. List only loaders that remember, and all of those.
   */
  loaders?: (
    context: Context,
  ) => Iterable<ClearableLoader> | Readonly<Record<string, ClearableLoader>> | null | undefined;
  /**
   * Makes a context for a background refresh of a root field, which may run after its request has ended. Nested
   * fields are refreshed with the request's context, since their parent is from that request as well. It must be one of
   * the same viewer and the same `vary` as the given one, or the entry is not refreshed.
   * Default: all refreshes run with the context of the request that set them off.
   */
  refreshContext?: (context: Context) => Context | Promise<Context>;
  /**
   * Supplies what raw results lack because a resolver makes it, by coordinate:
   * `{ "Order.customer": (order) => ({ id: order.customerId }) }`. May return a promise under {result}.
   */
  resultPaths?: ResultPaths;
  /**
   * The server's own default resolver, where it has one (`fieldResolver` of Apollo Server and of `execute`): it answers
   * the cached fields that have no resolver. Default: that of GraphQL.js.
   */
  fieldResolver?: GraphQLFieldResolver<never, Context>;
  /** Templates of tags that are filed, or evicted, outside this schema: they need no counterpart in it. */
  externalTags?: readonly string[];
  /**
   * Told, once for each coordinate, why a field is not cached or a tag not evicted; the field was answered by its
   * resolver. Failures of the store are events of the cache. Default: a Node warning.
   */
  onProblem?: (error: CachedError) => void;
}

/** The options as the library reads them, whatever the context's type. */
export type AnyContextOptions = Omit<CacheDirectivesOptions<never>, "refreshContext"> & {
  refreshContext?: (context: never) => unknown;
};
