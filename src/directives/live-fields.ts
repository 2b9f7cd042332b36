import { defaultFieldResolver, type GraphQLSchema, isObjectType } from "graphql";

/**
 * The coordinates of fields that a resolver of their own answers anew each time, from what nobody knows: those that are
 * not cached, and for which no `@cacheControl` of the project's vouches. An answer with one of them is not to be kept.
 */
export function liveFields(
  schema: GraphQLSchema,
  cached: ReadonlyMap<string, unknown>,
): Set<string> {
  const live = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const { name, resolve, astNode } of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${name}`;
      if (!resolve || resolve === defaultFieldResolver || cached.has(coordinate)) continue;
      if (astNode?.directives?.some((directive) => directive.name.value === "cacheControl"))
        continue;
      live.add(coordinate);
    }
  }
  return live;
}
