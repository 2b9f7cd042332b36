import {
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
} from "graphql";
import { canonical } from "./canonical.js";
import { givenValue } from "./input-text.js";
import { chain, isPromise, type MaybePromise } from "./maybe-promise.js";

/** Supplies a property that the raw value of a type lacks: `"Order.customer": (order) => ({ id: order.customerId })`. */
export type ResultPath = (value: never, context: never) => unknown;
export type ResultPaths = Readonly<Record<string, ResultPath>>;

/** Reads the values at a path, as texts: one for a plain path, one an element where a list lies on it. */
export interface ValuePath {
  readonly hasList: boolean;
  /** The property, where that is all the path reads, but for what `resultPaths` supplies if it is not there. */
  readonly onlyProperty: string | undefined;
  read(root: unknown, reading: Reading): MaybePromise<string[]>;
}

/** How a path is read. */
export interface Reading {
  readonly context: unknown;
  /** Told of an element of a list that has no value there, which is then left out. Absent: it fails the path. */
  readonly onBadItem?: ((error: unknown) => void) | undefined;
}

/** A path that the schema doesn't have; the message says where it ends. */
export class UnknownPathError extends Error {}

/** A path that found nothing in a value. */
export class MissingValueError extends Error {}

/** What the values at a path must be as texts. */
export interface PathOptions {
  /** What messages call the path, as `result.lines.size.id`. */
  readonly shown: string;
  readonly resultPaths: ResultPaths;
  /**
   * For keys: unlike values have unlike texts. In a tag 1 and "1" are the same, as an id is that an argument and a
   * result write differently.
   */
  readonly tellsTypes?: boolean | undefined;
}

type Visit = (value: unknown, reading: Reading, texts: string[]) => MaybePromise<void>;
type GraphQLType = GraphQLInputType | GraphQLOutputType;

interface Step {
  readonly name: string;
  readonly type: GraphQLType;
  readonly supply?: ResultPath | undefined;
  readonly isInput?: boolean;
}

/**
 * Checks a path against the schema and makes its reader. `names` begin below `type`; none stand for `type` itself.
 *
 * @throws UnknownPathError when a name isn't a field there, or the path doesn't end in a scalar or enum.
 */
export function valuePath(
  schema: GraphQLSchema,
  type: GraphQLType,
  names: readonly string[],
  { shown, resultPaths, tellsTypes = false }: PathOptions,
): ValuePath {
  let hasList = false;
  const visit = visitor(type, names);
  return {
    hasList,
    onlyProperty: names.length === 1 && !hasList ? names[0] : undefined,
    read: (root, reading) => {
      const texts: string[] = [];
      const done = visit(root, reading, texts);
      return isPromise(done) ? done.then(() => texts) : texts;
    },
  };

  function visitor(at: GraphQLType, [name, ...rest]: readonly string[]): Visit {
    hasList ||= listDepth(at) > 0;
    if (name === undefined) {
      const leaf = getNamedType(at);
      // Those of GraphQL itself, and enums, write one type alone.
      const isTold = tellsTypes && isScalarType(leaf) && !isSpecifiedScalarType(leaf);
      return throughLists(at, visitLeaf(leaf, shown, isTold ? typedTextOf : textOf), shown);
    }
    const step = stepInto(schema, getNamedType(at), name, resultPaths);
    return throughLists(at, visitStep(step, visitor(step.type, rest)), shown);
  }
}

function stepInto(
  schema: GraphQLSchema,
  type: GraphQLNamedType,
  name: string,
  resultPaths: ResultPaths,
): Step {
  if (isInputObjectType(type)) {
    const field = type.getFields()[name];
    if (field) return { name, type: field.type, isInput: true };
  } else if (isObjectType(type) || isInterfaceType(type)) {
    const field = type.getFields()[name];
    if (field) return { name, type: field.type, supply: supplyOf(schema, type, name, resultPaths) };
  } else if (isUnionType(type)) {
    const fields = schema.getPossibleTypes(type).map((member) => member.getFields()[name]);
    const [first] = fields as [GraphQLField<unknown, unknown> | undefined];
    if (first && fields.every((field) => String(field?.type) === String(first.type))) {
      return { name, type: first.type, supply: supplyOf(schema, type, name, resultPaths) };
    }
  }
  throw new UnknownPathError(`${type.name} has no field "${name}"`);
}

/** Of an abstract type, what is supplied for the member that the value says it is of. */
function supplyOf(
  schema: GraphQLSchema,
  type: GraphQLObjectType | GraphQLAbstractType,
  name: string,
  resultPaths: ResultPaths,
): ResultPath | undefined {
  const own = resultPaths[`${type.name}.${name}`];
  if (!isAbstractType(type)) return own;
  const ofMember = (member: unknown) => resultPaths[`${member}.${name}`];
  if (!schema.getPossibleTypes(type).some((member) => ofMember(member.name))) return own;
  return (value: { readonly __typename?: unknown }, context) =>
    (ofMember(value.__typename) ?? own)?.(value as never, context);
}

function visitLeaf(leaf: GraphQLNamedType, shown: string, write: (wire: unknown) => string): Visit {
  if (!isLeafType(leaf)) {
    throw new UnknownPathError(`a path must end in a scalar or enum, but ends in ${leaf.name}`);
  }
  return (value, _reading, texts) => {
    const wire: unknown = leaf.serialize(value);
    if (wire == null) throw new MissingValueError(`found no value at ${shown}`);
    texts.push(write(wire));
  };
}

function visitStep({ name, supply, isInput }: Step, next: Visit): Visit {
  return (value, reading, texts) => {
    const { context } = reading;
    let found = isInput ? givenValue(value, name) : propertyOf(value, name, context);
    if (found === undefined && supply) found = supply(value as never, context as never);
    if (!isPromise(found)) return next(found, reading, texts);
    return found.then((each) => next(each, reading, texts));
  };
}

/** A null element gives nothing; any other null is a missing value. */
function throughLists(type: GraphQLType, visit: Visit, shown: string): Visit {
  let through: Visit = (value, reading, texts) => {
    if (value == null) throw new MissingValueError(`found ${value} on the way to ${shown}`);
    return visit(value, reading, texts);
  };
  for (let depth = listDepth(type); depth > 0; depth--) through = visitList(through, shown);
  return through;
}

function visitList(visitItem: Visit, shown: string): Visit {
  return (list, reading, texts) => {
    if (typeof list !== "object" || list === null || !(Symbol.iterator in list)) {
      throw new MissingValueError(`found no list on the way to ${shown}`);
    }
    const { onBadItem } = reading;
    const visitFound = (value: unknown) =>
      value == null ? undefined : visitItem(value, reading, texts);
    const visitAny = (item: unknown) => chain(item, visitFound);
    const pending: Promise<void>[] = [];
    try {
      for (const item of list as Iterable<unknown>) {
        const done = onBadItem ? attempt(() => visitAny(item), onBadItem) : visitAny(item);
        if (isPromise(done)) pending.push(done);
      }
    } catch (error) {
      // Those under way are no longer waited for: their rejections must not become unhandled ones.
      for (const each of pending) each.catch(() => undefined);
      throw error;
    }
    return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
  };
}

function attempt(
  visit: () => MaybePromise<void>,
  onFailure: (error: unknown) => void,
): MaybePromise<void> {
  try {
    const done = visit();
    return isPromise(done) ? done.then(undefined, onFailure) : done;
  } catch (error) {
    return onFailure(error);
  }
}

function listDepth(type: GraphQLType): number {
  const nullable = getNullableType(type) as GraphQLType;
  return isListType(nullable) ? 1 + listDepth(nullable.ofType as GraphQLType) : 0;
}

/** Reads as the default resolver does, so methods are called. */
function propertyOf(value: unknown, name: string, context: unknown): unknown {
  if (typeof value !== "object" && typeof value !== "function") return undefined;
  const property = (value as Readonly<Record<string, unknown>>)[name];
  return typeof property === "function" ? property.call(value, {}, context) : property;
}

function textOf(wire: unknown): string {
  if (typeof wire === "string") return wire;
  if (wire instanceof Date) return wire.toJSON();
  return typeof wire === "object" ? canonical(wire) : String(wire);
}

/** A string as it is, which never begins as what is no string does. */
function typedTextOf(wire: unknown): string {
  if (typeof wire !== "string") return `~${canonical(wire)}`;
  return wire.startsWith("~") ? `~${wire}` : wire;
}
