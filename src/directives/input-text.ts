import {
  type GraphQLArgument,
  type GraphQLInputType,
  getNullableType,
  isInputObjectType,
  isListType,
} from "graphql";
import { canonical } from "./canonical.js";

export type Args = Readonly<Record<string, unknown>>;
type ToWire = (value: unknown) => unknown;

/**
 * Gives the canonical text of a field's coerced arguments, each taken back through its scalar's `serialize`, since
 * coercion may have made objects of them: `(first:20,id:"7")`, and "" for a field without arguments.
 */
export function argumentText(args: readonly GraphQLArgument[]): (values: Args) => string {
  if (args.length === 0) return () => "";
  const wires = new Map<GraphQLInputType, ToWire>();
  const writers = args
    .map(({ name, type }) => ({ name, toWire: wireOf(type, wires) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return (values) => {
    let text = "";
    for (const { name, toWire } of writers) {
      const value = values[name];
      if (value === undefined) continue;
      text += `${text === "" ? "" : ","}${name}:${canonical(toWire(value))}`;
    }
    return `(${text})`;
  };
}

function wireOf(type: GraphQLInputType, known: Map<GraphQLInputType, ToWire>): ToWire {
  const nullable: GraphQLInputType = getNullableType(type);
  const seen = known.get(nullable);
  if (seen) return seen;
  // Entered before its fields are looked at, since an input type may hold itself.
  const toWire: ToWire = (value) => (value == null ? value : convert(value));
  known.set(nullable, toWire);
  const convert = converterOf(nullable, known);
  return toWire;
}

function converterOf(type: GraphQLInputType, known: Map<GraphQLInputType, ToWire>): ToWire {
  if (isListType(type)) {
    const item = wireOf(type.ofType, known);
    return (value) => Array.from(value as Iterable<unknown>, item);
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).map(
      (field) => [field.name, wireOf(field.type, known)] as const,
    );
    return (value) => {
      const record = value as Args;
      return Object.fromEntries(fields.map(([name, toWire]) => [name, toWire(record[name])]));
    };
  }
  if ("serialize" in type) return (value) => type.serialize(value);
  throw new TypeError(`${String(type)} is not an input type`);
}
