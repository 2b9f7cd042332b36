import {
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
} from "graphql";
import type { CachedField } from "./cached-field.js";
import { directiveError } from "./errors.js";
import { hasOwnResolver } from "./own-resolver.js";

/**
 * Refuses a PUBLIC field whose entry would hold what a PRIVATE one answers with: that has no resolver of its own, and
 * so is read from the object in the entry.
 *
 * @throws DirectiveError naming both fields.
 */
export function checkPrivacy(
  schema: GraphQLSchema,
  cached: ReadonlyMap<string, CachedField>,
  { hasOwnDefault }: { hasOwnDefault: boolean },
): void {
  for (const { coordinate, isPrivate, returnType, vary } of cached.values()) {
    if (!hasOwnDefault) refuseVaried(coordinate, returnType, new Set(vary.map(({ name }) => name)));
    if (isPrivate) continue;
    const held = fieldsHeld(schema, returnType).find((each) => cached.get(each)?.isPrivate);
    if (held === undefined) continue;
    throw directiveError(
      coordinate,
      `all viewers share its entry, which would hold ${held}: that is PRIVATE, but has no resolver of its own. ` +
        `Give ${held} a resolver, or ${coordinate} the scope PRIVATE.`,
    );
  }

  /** One with `vary` likewise, in an entry that is the same for all that it varies by. */
  function refuseVaried(
    coordinate: string,
    returnType: GraphQLNamedType,
    names: ReadonlySet<string>,
  ): void {
    for (const held of fieldsHeld(schema, returnType)) {
      const missing = cached.get(held)?.vary.find(({ name }) => !names.has(name));
      if (!missing) continue;
      throw directiveError(
        coordinate,
        `its entry would hold ${held}: that varies by "${missing.name}", but has no resolver of its own. ` +
          `Give ${held} a resolver, or ${coordinate} the same vary.`,
      );
    }
  }
}

/** Coordinates of the fields whose values lie in an entry of the type: those that fields without resolvers reach. */
function fieldsHeld(schema: GraphQLSchema, root: GraphQLNamedType): string[] {
  const held: string[] = [];
  const seen = new Set<GraphQLNamedType>();
  const open = [root];
  for (let type = open.pop(); type; type = open.pop()) {
    if (seen.has(type)) continue;
    seen.add(type);
    if (isAbstractType(type)) open.push(...schema.getPossibleTypes(type));
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (hasOwnResolver(field)) continue;
      held.push(`${type.name}.${field.name}`);
      open.push(getNamedType(field.type));
    }
  }
  return held;
}
