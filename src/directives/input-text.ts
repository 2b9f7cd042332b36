import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isScalarType,
} from "graphql";
import { canonical } from "./canonical.js";
import { scalarText } from "./scalar-text.js";

export type Args = Readonly<Record<string, unknown>>;
type Write = (value: unknown) => string;

/**
 * Gives the canonical text of a field's coerced arguments, as its resolver is given them: `(first:20,id:"7")`, and ""
 * for a field without arguments. Enums by the names of their values, since their internal values may be anything.
 */
export function argumentText(args: readonly GraphQLArgument[]): (values: Args) => string {
  return args.length === 0 ? () => "" : recordWriter(args, new Map());
}

/** Of an argument, or an input object's field: one that is absent may bear the name of what every object inherits. */
export function givenValue(values: unknown, name: string): unknown {
  if (typeof values !== "object" || values === null) return undefined;
  if (name in Object.prototype && !Object.hasOwn(values, name)) return undefined;
  return (values as Args)[name];
}

function recordWriter(
  fields: readonly (GraphQLArgument | GraphQLInputField)[],
  known: Map<GraphQLInputType, Write>,
): (values: Args) => string {
  const writers = fields
    .map(({ name, type }) => ({ name, write: writerOf(type, known) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return (values) => {
    let text = "";
    for (const { name, write } of writers) {
      const value = givenValue(values, name);
      if (value !== undefined) text += `${text === "" ? "" : ","}${name}:${write(value)}`;
    }
    return `(${text})`;
  };
}

function writerOf(type: GraphQLInputType, known: Map<GraphQLInputType, Write>): Write {
  const nullable: GraphQLInputType = getNullableType(type);
  const seen = known.get(nullable);
  if (seen) return seen;
  // Entered before its fields are looked at, since an input type may hold itself.
  const write: Write = (value) => (value == null ? "null" : writePresent(value));
  known.set(nullable, write);
  const writePresent = presentWriter(nullable, known);
  return write;
}

function presentWriter(type: GraphQLInputType, known: Map<GraphQLInputType, Write>): Write {
  if (isListType(type)) {
    const write = writerOf(type.ofType, known);
    return (value) => `[${Array.from(value as Iterable<unknown>, write).join(",")}]`;
  }
  if (isInputObjectType(type)) {
    const write = recordWriter(Object.values(type.getFields()), known);
    return (value) => write(value as Args);
  }
  if (isEnumType(type)) return (value) => canonical(type.serialize(value));
  if (isScalarType(type)) return scalarText(type);
  throw new TypeError(`${String(type)} is not an input type`);
}
