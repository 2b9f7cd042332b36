import {
  defaultFieldResolver,
  type GraphQLNamedType,
  GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";
import type { Cache } from "../cache/types.js";
import { rememberApplication } from "./applications.js";
import { markResolver, markSchema, refuseAppliedSchema } from "./applied-once.js";
import { authorizedResolver } from "./authorized-resolver.js";
import { entityCoordinate, withResolveReference } from "./cached-entity.js";
import type { CachedField } from "./cached-field.js";
import { cachedResolver } from "./cached-resolver.js";
import { checkOptions, refuseMissingCache, refuseUnknownOptions } from "./check-options.js";
import type { Environment, Resolver } from "./environment.js";
import { evictTagsResolver } from "./evict-tags-resolver.js";
import { type FieldPlans, planFields } from "./field-plans.js";
import { typesBelow, withInheritedMaxAge } from "./inherit-max-age.js";
import { createLiveFields, type LiveFields } from "./live-fields.js";
import { mapFields } from "./map-fields.js";
import { createObservations, type Observation, type ObserveOptions } from "./observations.js";
import { createOperations } from "./operations.js";
import type { CacheDirectivesOptions } from "./options.js";
import { mayHaveOwnResolver } from "./own-resolver.js";
import { createProblems } from "./problems.js";
import { rootResolver } from "./root-resolver.js";
import { typeDefs } from "./type-defs.js";
import { viewerReader } from "./viewer.js";
import { createViewerWatch } from "./viewer-watch.js";

export interface CacheDirectives {
  /** The SDL of `@cached` and `@evictTags`, to stand beside a project's own. Not needed by code-first schemas. */
  readonly typeDefs: string;
  /**
   * Gives back the schema with its resolvers wrapped; the one given stays as it was. Wrap it before a server does. What
   * it gave, it gives back as it is.
   *
   * @throws DirectiveError, with the coordinate, where a directive contradicts the schema or the options, and for a
   *   schema that was made of one that it gave.
   */
  apply(schema: GraphQLSchema): GraphQLSchema;
  /**
   * Watches what the cached fields do for one operation; call it before that is executed, with the context that its
   * resolvers are given. `outcomes` asks for each field's answer as well, `tags` for the tags of all.
   */
  observe(context: object, options?: ObserveOptions): Observation;
  /**
   * The coordinates, as "Item.stock", of a served schema's fields whose answers hang on what the cache knows nothing of:
   * with a resolver of their own, or the option `fieldResolver`, and without `@cached`, or wrapped by somebody else since
   * `apply`; in either case without a `@cacheControl` that vouches for them. Each schema is looked at once. Ask before the
   * server's first request: servers put wrappers of their own around all resolvers.
   */
  liveFields(schema: GraphQLSchema): ReadonlySet<string>;
}

/**
 * Brings a cache to a GraphQL schema: `@cached` and `@evictTags`, from SDL or from code-first `extensions`.
 *
 * @throws InvalidOptionError for what is no cache, and for an option that it doesn't know.
 */
export function cacheDirectives<Context = unknown>(
  cache: Cache,
  options: CacheDirectivesOptions<Context> = {},
): CacheDirectives {
  refuseMissingCache(cache);
  refuseUnknownOptions(options);
  const observations = createObservations();
  const problems = createProblems(options.onProblem);
  const viewerOf = viewerReader(options.viewer);
  const viewerWatch = createViewerWatch(options.viewer, problems);
  const environment: Environment = {
    cache,
    options,
    observations,
    operations: createOperations(cache, options.loaders, problems),
    problems,
    viewerOf: (context) => viewerWatch.aside(() => viewerOf(context)),
    viewerWatch,
  };
  const applied = new WeakSet<GraphQLSchema>();
  const live = createLiveFields(options.fieldResolver !== undefined);

  return {
    typeDefs,
    observe: observations.observe,
    liveFields: live.in,
    apply: (schema) => {
      // A second wrapping would count each lookup twice.
      if (applied.has(schema)) return schema;
      checkOptions(schema, options);
      const plans = planFields(schema, options);
      refuseAppliedSchema(schema, plans.cached.keys(), cache);
      live.learnHints(schema);
      const wrapped = wrapFields(schema, plans, environment, live);
      markSchema(wrapped, cache);
      applied.add(wrapped);
      rememberApplication(wrapped, { plain: schema, options });
      return wrapped;
    },
  };
}

function wrapFields(
  schema: GraphQLSchema,
  plans: FieldPlans,
  environment: Environment,
  live: LiveFields,
): GraphQLSchema {
  const queryName = schema.getQueryType()?.name;
  const rootNames = rootsOf(schema, environment.options.loaders !== undefined);
  const inheriting = typesBelow(
    schema,
    Array.from(plans.cached.values(), ({ returnType }) => returnType),
  );

  return mapFields(schema, {
    type: (type) => {
      const entity = plans.cached.get(entityCoordinate(type.name));
      const extensions =
        entity && withResolveReference(type, (resolve) => wrapCached(entity, resolve));
      return extensions && new GraphQLObjectType({ ...type.toConfig(), extensions });
    },
    field: (config, fieldName, typeName) => {
      const isRoot = rootNames.has(typeName);
      const resolve = wrapField(`${typeName}.${fieldName}`, isRoot, config.resolve);
      const subscribe = wrapSubscribe(`${typeName}.${fieldName}`, isRoot, config.subscribe);
      const astNode =
        typeName !== queryName && inheriting.has(typeName)
          ? withInheritedMaxAge(fieldName, config)
          : undefined;
      return {
        ...config,
        ...(resolve ? { resolve } : {}),
        ...(subscribe ? { subscribe } : {}),
        ...(astNode ? { astNode } : {}),
      };
    },
  });

  function wrapCached(field: CachedField, resolve: Resolver): Resolver {
    const feedsFields = reaches(schema, field.returnType, plans.nestedTypes);
    return cachedResolver(field, resolve, environment, { feedsFields });
  }

  function wrapSubscribe(coordinate: string, isRoot: boolean, original: unknown) {
    let subscribe = original as Resolver | undefined;
    if (!subscribe) return undefined;
    const authorize = environment.options.authorize?.[coordinate];
    if (authorize) subscribe = authorizedResolver(coordinate, authorize, subscribe, environment);
    if (isRoot) subscribe = rootResolver(subscribe, environment);
    return subscribe === original ? undefined : subscribe;
  }

  /** From the inside out: what runs first is wrapped last. undefined where a field is left as it is. */
  function wrapField(coordinate: string, isRoot: boolean, original: unknown): Resolver | undefined {
    const plain = (original ??
      environment.options.fieldResolver ??
      defaultFieldResolver) as Resolver;
    const cached = plans.cached.get(coordinate);
    const evicting = plans.evicting.get(coordinate);
    const authorize = environment.options.authorize?.[coordinate];

    let resolve = plain;
    if (cached) resolve = wrapCached(cached, resolve);
    if (evicting) resolve = evictTagsResolver(evicting, resolve, environment);
    if (authorize) resolve = authorizedResolver(coordinate, authorize, resolve, environment);
    if (isRoot) resolve = rootResolver(resolve, environment);
    if (resolve === plain) return undefined;
    if (cached) markResolver(resolve, environment.cache);
    const isDefault = original == null && environment.options.fieldResolver !== undefined;
    if (cached || !(isDefault || mayHaveOwnResolver({ resolve: original }))) live.trust(resolve);
    return resolve;
  }
}

/** Whether any of the types lies below one, through whatever fields. */
function reaches(
  schema: GraphQLSchema,
  type: GraphQLNamedType,
  typeNames: ReadonlySet<string>,
): boolean {
  return [...typesBelow(schema, [type])].some((name) => typeNames.has(name));
}

/** Other operations than queries store nothing, but what loads they leave in loaders a later query may be given. */
function rootsOf(schema: GraphQLSchema, hasLoaders: boolean): ReadonlySet<string> {
  const writing = [schema.getMutationType(), schema.getSubscriptionType()];
  const roots = [schema.getQueryType(), ...(hasLoaders ? writing : [])];
  return new Set(roots.flatMap((type) => type?.name ?? []));
}
