import { type GraphQLSchema, isEnumType } from "graphql";

/** Names the enum of which a value holds an internal value that is an object; undefined where it holds none. */
export type HeldEnum = (value: unknown) => string | undefined;

const enumsBySchema = new WeakMap<GraphQLSchema, ReadonlyMap<unknown, string>>();

/**
 * GraphQL.js knows an enum's internal values by identity. One that is an object is no longer itself in a copy, and what
 * comes from the cache is a copy. Looked for through the whole value, whatever its type: resolvers below may pass on
 * what they find in their parent.
 */
export function heldEnum(schema: GraphQLSchema): HeldEnum {
  const enums = enumsBySchema.get(schema) ?? enumsByObject(schema);
  enumsBySchema.set(schema, enums);
  return enums.size === 0 ? () => undefined : (value) => find(value, enums);
}

function enumsByObject(schema: GraphQLSchema): ReadonlyMap<unknown, string> {
  const enums = new Map<unknown, string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isEnumType(type)) continue;
    for (const { value } of type.getValues()) if (isObject(value)) enums.set(value, type.name);
  }
  return enums;
}

function find(value: unknown, enums: ReadonlyMap<unknown, string>): string | undefined {
  const seen = new Set<unknown>([value]);
  // What is added on the way is visited as well.
  for (const each of seen) {
    const name = enums.get(each);
    if (name !== undefined) return name;
    if (isObject(each)) for (const part of partsOf(each)) if (isObject(part)) seen.add(part);
  }
  return undefined;
}

/** No getter is called: the cache refuses what has them. */
function partsOf(value: object): Iterable<unknown> {
  if (ArrayBuffer.isView(value)) return [];
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return Object.values(Object.getOwnPropertyDescriptors(value)).map((property) => property.value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
