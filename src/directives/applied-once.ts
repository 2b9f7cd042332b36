import { randomUUID } from "node:crypto";
import { type GraphQLSchema, isObjectType } from "graphql";
import type { Cache } from "../cache/types.js";
import type { Resolver } from "./environment.js";
import { directiveError } from "./errors.js";

/** Transformers keep a schema's extensions, even where they hide its resolvers in their own. */
const EXTENSION = "graphqlCached";

/** An object and not a list, so that what merges schemas merges it. */
type Marks = Readonly<Record<string, true>>;

const ids = new WeakMap<Cache, string>();
const cacheOf = new WeakMap<object, Cache>();

/** Marks what `apply` leaves on a cached field. */
export function markResolver(resolver: Resolver, cache: Cache): void {
  cacheOf.set(resolver, cache);
}

/** Marks a schema that `apply` is about to give. */
export function markSchema(schema: GraphQLSchema, cache: Cache): void {
  const marks = { ...marksOf(schema), [idOf(cache)]: true };
  // A new object: the schema shares its extensions with the one that it was made of.
  schema.extensions = { ...schema.extensions, [EXTENSION]: marks };
}

/**
 * Refuses a schema that was made of one that has the cache already. A second wrapping would look up what the first is
 * just loading, and wait for itself. To skip what is wrapped already is no way out: under a transformer's resolver that
 * does not show, and what was added since would silently stay without a cache.
 *
 * @throws DirectiveError naming a field that is cached already.
 */
export function refuseAppliedSchema(
  schema: GraphQLSchema,
  cachedFields: Iterable<string>,
  cache: Cache,
): void {
  const isMarked = marksOf(schema)[idOf(cache)] === true;
  for (const coordinate of cachedFields) {
    if (!isMarked && !isWrapped(schema, coordinate, cache)) continue;
    throw directiveError(
      coordinate,
      "the directives must be applied once, but this schema was made of one that they are applied to already. " +
        "Leave out the second apply: what is wrapped after the first keeps the cache within.",
    );
  }
}

function isWrapped(schema: GraphQLSchema, coordinate: string, cache: Cache): boolean {
  const [typeName = "", fieldName = ""] = coordinate.split(".");
  const type = schema.getType(typeName);
  const resolve = isObjectType(type) ? type.getFields()[fieldName]?.resolve : undefined;
  return resolve !== undefined && cacheOf.get(resolve) === cache;
}

function marksOf(schema: GraphQLSchema): Marks {
  return (schema.extensions[EXTENSION] as Marks | undefined) ?? {};
}

function idOf(cache: Cache): string {
  const id = ids.get(cache) ?? randomUUID();
  ids.set(cache, id);
  return id;
}
