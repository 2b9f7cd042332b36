import {
  type GraphQLInputType,
  type GraphQLResolveInfo,
  getNullableType,
  isInputObjectType,
  isListType,
} from "graphql";
import type { Args } from "./input-text.js";

/**
 * The arguments as they came, for the templates that are rendered when the resolver has run: it may change what it is
 * given, as by taking an input's id out of it. Lists and input objects are copied; what a scalar parses to is not.
 */
export function keptArgs(args: Args, { parentType, fieldName }: GraphQLResolveInfo): Args {
  const declared = parentType.getFields()[fieldName]?.args ?? [];
  const types = new Map(declared.map(({ name, type }) => [name, type]));
  return keptRecord(args, (name) => types.get(name));
}

function kept(type: GraphQLInputType | undefined, value: unknown): unknown {
  const nullable: GraphQLInputType | undefined = type && getNullableType(type);
  if (typeof value !== "object" || value === null) return value;
  if (isListType(nullable) && Array.isArray(value)) {
    return value.map((item) => kept(nullable.ofType as GraphQLInputType, item));
  }
  if (!isInputObjectType(nullable)) return value;
  const fields = nullable.getFields();
  return keptRecord(value as Args, (name) => fields[name]?.type);
}

function keptRecord(record: Args, typeOf: (name: string) => GraphQLInputType | undefined): Args {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, kept(typeOf(name), value)]),
  );
}
