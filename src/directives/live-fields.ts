import { type GraphQLField, type GraphQLSchema, isObjectType } from "graphql";
import type { Resolver } from "./environment.js";
import { isInheritedMaxAge } from "./inherit-max-age.js";
import { mayHaveOwnResolver } from "./own-resolver.js";

/**
 * Finds the fields whose answers hang on what the cache knows nothing of: a resolver of the project's own that is not
 * cached, be it the default one of all fields that have none, or whatever was wrapped around a field after `apply`, as
 * a guard is, which may ask who asks. Not those for which a `@cacheControl` of the project's vouches. An answer with
 * one of them is not to be kept.
 */
export interface LiveFields {
  /** Learns which fields have a hint of the project's own, before `apply` gives them one to inherit. */
  learnHints(plain: GraphQLSchema): void;
  /** Takes a resolver that `apply` leaves for one after which an answer may be kept. */
  trust(resolver: Resolver): void;
  /** Their coordinates in a schema, as it was when it was first asked about: servers wrap all resolvers later on. */
  in(schema: GraphQLSchema): ReadonlySet<string>;
}

type Field = GraphQLField<unknown, unknown>;

/** @param hasOwnDefault whether the project has a default resolver of its own */
export function createLiveFields(hasOwnDefault: boolean): LiveFields {
  const unhinted = new Set<string>();
  const trusted = new WeakSet<object>();
  const known = new WeakMap<GraphQLSchema, ReadonlySet<string>>();

  return {
    learnHints: (plain) => {
      for (const [coordinate, field] of fieldsOf(plain)) {
        if (!isHinted(field)) unhinted.add(coordinate);
      }
    },
    trust: (resolver) => {
      trusted.add(resolver);
    },
    in: (schema) => {
      let live = known.get(schema);
      if (!live) {
        const found = fieldsOf(schema).filter(([coordinate, field]) => isLive(coordinate, field));
        live = new Set(found.map(([coordinate]) => coordinate));
        known.set(schema, live);
      }
      return live;
    },
  };

  function isLive(coordinate: string, field: Field): boolean {
    if (trusted.has(field.resolve as object)) return false;
    if (!mayHaveOwnResolver(field) && !(hasOwnDefault && field.resolve == null)) return false;
    return unhinted.has(coordinate) || !isHinted(field);
  }
}

function isHinted({ astNode }: Field): boolean {
  const hints = astNode?.directives?.filter(({ name }) => name.value === "cacheControl") ?? [];
  return hints.some((hint) => !isInheritedMaxAge(hint));
}

function fieldsOf(schema: GraphQLSchema): [string, Field][] {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  return types
    .filter(({ name }) => !name.startsWith("__"))
    .flatMap((type) =>
      Object.values(type.getFields()).map((field): [string, Field] => [
        `${type.name}.${field.name}`,
        field,
      ]),
    );
}
