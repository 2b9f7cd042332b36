import { createHash } from "node:crypto";
import {
  type GraphQLEnumValue,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isObjectType,
} from "graphql";
import { canonical } from "./canonical.js";
import { hasOwnResolver } from "./own-resolver.js";

/** 60 bits: the digest only keeps apart the few versions that one field ever has. */
const DIGEST_CHARACTERS = 10;

/**
 * What a stored value's shape hangs on: the field's directive (`version` included), its return type, and the types
 * which that reaches through fields without resolvers, whose values lie in the entry. A new version of the schema
 * so never reads values of another shape, and a field that didn't change stays warm.
 */
export function fieldDigest(
  schema: GraphQLSchema,
  field: GraphQLField<unknown, unknown>,
  directive: object,
): string {
  const shapes = new Map<string, string>();
  describe(getNamedType(field.type));
  const shape = canonical({
    directive,
    type: String(field.type),
    shapes: Object.fromEntries(shapes),
  });
  return createHash("sha256").update(shape).digest("base64url").slice(0, DIGEST_CHARACTERS);

  function describe(type: GraphQLNamedType): void {
    if (shapes.has(type.name)) return;
    shapes.set(type.name, "");
    const parts: string[] = [];
    if (isEnumType(type)) parts.push(...type.getValues().map(enumValueText));
    if (isAbstractType(type)) {
      for (const member of schema.getPossibleTypes(type)) {
        parts.push(member.name);
        describe(member);
      }
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const inner of Object.values(type.getFields())) {
        if (hasOwnResolver(inner)) continue;
        parts.push(`${inner.name}:${String(inner.type)}`);
        describe(getNamedType(inner.type));
      }
    }
    shapes.set(type.name, parts.sort().join(" "));
  }
}

/** Entries hold an enum's internal values, which its names alone don't tell. */
function enumValueText({ name, value }: GraphQLEnumValue): string {
  if (value === name) return name;
  try {
    return `${name}=${canonical(value)}`;
  } catch {
    // A class or a symbol has no text; `version` tells that it was changed.
    return `${name}=${typeof value}`;
  }
}
