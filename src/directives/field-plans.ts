import { isDeepStrictEqual } from "node:util";
import { type GraphQLObjectType, type GraphQLSchema, isObjectType } from "graphql";
import { DirectiveError } from "../cache/errors.js";
import { entitySite } from "./cached-entity.js";
import { type CachedField, cachedField } from "./cached-field.js";
import { compileTemplateAt, type FieldSite, rootsAt } from "./check-cached.js";
import { checkEvictions } from "./check-evictions.js";
import { checkPrivacy } from "./check-privacy.js";
import { readCached, readEvictTags } from "./declarations.js";
import { directiveError } from "./errors.js";
import type { EvictingField } from "./evict-tags-resolver.js";
import type { AnyContextOptions } from "./options.js";

/** What the directives ask of a schema's fields and entities, by coordinate, all of it checked. */
export interface FieldPlans {
  readonly cached: ReadonlyMap<string, CachedField>;
  readonly evicting: ReadonlyMap<string, EvictingField>;
  /** Types with cached fields that are read from a parent. */
  readonly nestedTypes: ReadonlySet<string>;
}

export interface PlanOptions {
  /** Told of each contradiction, to find them all. Default: the first is thrown. */
  readonly onError?: (error: DirectiveError) => void;
  /** False for a schema of definitions alone, whose fields have their resolvers elsewhere. Default true. */
  readonly hasResolvers?: boolean;
}

/**
 * Reads and checks the directives of all object types. A directive on an interface's field holds for the types that
 * implement it, unless their own field has one.
 *
 * @throws DirectiveError for the first contradiction found, unless `onError` takes them.
 */
export function planFields(
  schema: GraphQLSchema,
  options: AnyContextOptions,
  { onError = rethrow, hasResolvers = true }: PlanOptions = {},
): FieldPlans {
  const cached = new Map<string, CachedField>();
  const evicting = new Map<string, EvictingField>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    attempt(() => planEntity(type));
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      attempt(() => planField({ schema, coordinate, parentType: type, field, options }));
    }
  }
  const tagged = Array.from(
    cached.values(),
    ({ coordinate, isPrivate, knownTags, resultTags }) => ({
      coordinate,
      isPrivate,
      templates: [...knownTags, ...resultTags],
    }),
  );
  if (hasResolvers)
    attempt(() =>
      checkPrivacy(schema, cached, { hasOwnDefault: options.fieldResolver !== undefined }),
    );
  checkEvictions([...evicting.values()], tagged, options.externalTags ?? [], attempt);
  const nested = [...cached.values()].filter(({ hasParent }) => hasParent);
  const nestedTypes = new Set(nested.map(({ coordinate }) => coordinate.split(".")[0] as string));
  // A type below may give Query again, whose fields then have a parent as others have.
  const query = schema.getQueryType();
  const isQuerysCached = [...cached.keys()].some((each) => each.startsWith(`${query?.name}.`));
  if (query && isQuerysCached) nestedTypes.add(query.name);
  return { cached, evicting, nestedTypes };

  function planEntity(type: GraphQLObjectType): void {
    const caching = readCached(type, type.name);
    if (!caching) return;
    const site = entitySite(schema, type, options, hasResolvers);
    cached.set(site.coordinate, cachedField(site, caching));
  }

  function attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof DirectiveError)) throw error;
      onError(error);
    }
  }

  function planField(site: FieldSite): void {
    const { coordinate } = site;
    const caching = inherited(site, readCached);
    const evictions = inherited(site, readEvictTags);
    if (caching && evictions) {
      throw directiveError(coordinate, "@cached and @evictTags may not stand on one field.");
    }
    if (caching) cached.set(coordinate, cachedField(site, caching));
    if (evictions) evicting.set(coordinate, evictingField(site, evictions.tags));
  }
}

function rethrow(error: DirectiveError): never {
  throw error;
}

/** The directive of the field itself, or else of the interfaces that have one on theirs, which must agree. */
function inherited<T>(
  { parentType, field, coordinate }: FieldSite,
  read: (field: FieldSite["field"], coordinate: string) => T | undefined,
): T | undefined {
  const own = read(field, coordinate);
  if (own !== undefined) return own;
  const declared = parentType.getInterfaces().flatMap((face) => {
    const theirs = face.getFields()[field.name];
    const found = theirs && read(theirs, `${face.name}.${field.name}`);
    return found === undefined ? [] : [{ face, found }];
  });
  // An interface that implements another says more than that.
  const nearest = declared.filter(
    ({ face }) => !declared.some((other) => other.face.getInterfaces().includes(face)),
  );
  const [first, ...others] = nearest;
  const contrary = others.find(({ found }) => !isDeepStrictEqual(found, first?.found));
  if (first && contrary) {
    throw directiveError(
      coordinate,
      `its interfaces ${first.face.name} and ${contrary.face.name} contradict each other: ` +
        "give it a directive of its own.",
    );
  }
  return first?.found;
}

function evictingField(site: FieldSite, tags: readonly string[]): EvictingField {
  const { schema, coordinate, parentType } = site;
  if (parentType === schema.getSubscriptionType()) {
    const text =
      "@evictTags may not stand on a subscription field, which runs once for each subscriber and event.";
    throw directiveError(coordinate, text);
  }
  if (tags.length === 0) {
    throw directiveError(coordinate, "@evictTags(tags:) must name a tag, but is empty.");
  }
  return {
    coordinate,
    templates: tags.map((text) => compileTemplateAt(site, text, rootsAt(site))),
  };
}
