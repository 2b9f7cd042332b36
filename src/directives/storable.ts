import {
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
} from "graphql";
import { isRecord } from "./is-record.js";
import { isPromise } from "./maybe-promise.js";
import { hasOwnResolver } from "./own-resolver.js";

/**
 * Says why a value may not be stored, as the end of a sentence, or undefined where it may. Context and info are for the
 * schema's own functions.
 */
export type Objection = (
  value: unknown,
  context: unknown,
  info: GraphQLResolveInfo,
) => string | undefined;

/** How many objects and list elements one check looks at, and how deep it goes; what lies beyond is stored unchecked. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;

/** Whether objects may lack the property of a field that has no resolver of its own. */
export type MayLack = (coordinate: string, field: AnyField) => boolean;

type AnyField = GraphQLField<unknown, unknown>;

type Check = (value: unknown, walk: Walk) => Flaw | undefined;

interface Walk {
  readonly context: unknown;
  readonly info: GraphQLResolveInfo;
  valuesLeft: number;
  depth: number;
  /** What was looked at, and as which type: objects may hold each other. */
  readonly seen: Map<object, GraphQLObjectType>;
}

/** The path grows at its front, on the way back up. */
interface Flaw {
  readonly reason: string;
  readonly path: string;
}

/**
 * Checks what a field returned against its type before it is stored: what would fail its output coercion would fail
 * again on each hit until its ttl. Looks at lists, nulls and scalars, and at those of the objects below as far as
 * fields without resolvers reach. A property that an object lacks is undefined, as the default resolver reads it, but
 * for those that `mayLack` names.
 */
export function storableCheck(
  schema: GraphQLSchema,
  type: GraphQLOutputType,
  mayLack: MayLack,
): Objection {
  const check = createCompiler(schema, mayLack)(type);
  return (value, context, info) => {
    const walk = { context, info, valuesLeft: MAX_VALUES, depth: 0, seen: new Map() };
    const flaw = check(value, walk);
    if (!flaw) return undefined;
    const path = flaw.path.replace(/^\./, "");
    return path === "" ? flaw.reason : `at "${path}" ${flaw.reason}`;
  };
}

/** Each object type is compiled once, when a value of it is first seen: types may hold themselves. */
function createCompiler(
  schema: GraphQLSchema,
  mayLack: MayLack,
): (type: GraphQLOutputType) => Check {
  const checksByType = new Map<GraphQLObjectType, readonly PropertyCheck[]>();
  return compile;

  function compile(type: GraphQLOutputType, isNested = false): Check {
    const present = compilePresent(getNullableType(type), isNested);
    const isRequired = isNonNullType(type);
    return (value, walk) => {
      if (value == null) {
        return isRequired ? flawed(`it holds ${value} where ${type} must stand`) : undefined;
      }
      if (value instanceof Error) return flawed("it holds an error");
      return isPromise(value) ? flawed("it holds a promise") : present(value, walk);
    };
  }

  function compilePresent(type: GraphQLOutputType, isNested: boolean): Check {
    if (isListType(type)) return listCheck(compile(type.ofType, isNested), String(type));
    if (isLeafType(type)) return leafCheck(type);
    if (isAbstractType(type)) return abstractCheck(type, isNested);
    return (value, walk) => checkObject(type as GraphQLObjectType, value, walk);
  }

  /**
   * `resolveType` often looks at a value's class, which doesn't outlive storing; a `__typename` does. Further down
   * instances of classes are refused by the cache, and so its answer is the same. A `__typename` that names no member
   * fails on each hit, unless a `resolveType` makes one of it.
   */
  function abstractCheck(type: GraphQLAbstractType, isNested: boolean): Check {
    const members = new Map(schema.getPossibleTypes(type).map((member) => [member.name, member]));
    return (value, walk) => {
      const { __typename: name } = value as { __typename?: unknown };
      if (typeof name !== "string") {
        return isNested
          ? undefined
          : flawed("of an abstract type it holds a value without __typename");
      }
      const member = members.get(name) ?? members.get(mappedName(type, value, walk) ?? "");
      if (member) return checkObject(member, value, walk);
      return flawed(`it holds a value whose __typename "${name}" is no member of ${type.name}`);
    };
  }

  function checkObject(type: GraphQLObjectType, value: unknown, walk: Walk): Flaw | undefined {
    if (!isRecord(value) || walk.depth >= MAX_DEPTH || walk.valuesLeft-- <= 0) return undefined;
    if (walk.seen.get(value) === type) return undefined;
    walk.seen.set(value, type);
    walk.depth += 1;
    const flaw = checkProperties(propertyChecks(type), value, walk);
    walk.depth -= 1;
    return flaw;
  }

  function propertyChecks(type: GraphQLObjectType): readonly PropertyCheck[] {
    let checks = checksByType.get(type);
    if (!checks) {
      checks = Object.values(type.getFields())
        .filter((field) => !hasOwnResolver(field))
        .map((field) => ({
          name: field.name,
          check: compile(field.type, true),
          mayLack: mayLack(`${type.name}.${field.name}`, field),
        }));
      checksByType.set(type, checks);
    }
    return checks;
  }
}

/** What the type's own `resolveType` calls the value; undefined where it has none, fails, or makes us wait. */
function mappedName(
  type: GraphQLAbstractType,
  value: unknown,
  { context, info }: Walk,
): string | undefined {
  try {
    const name = type.resolveType?.(value, context, info, type);
    if (isPromise(name)) name.catch(() => undefined);
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

interface PropertyCheck {
  readonly name: string;
  readonly check: Check;
  readonly mayLack: boolean;
}

function checkProperties(
  checks: readonly PropertyCheck[],
  value: object,
  walk: Walk,
): Flaw | undefined {
  for (const { name, check, mayLack } of checks) {
    const property = Object.getOwnPropertyDescriptor(value, name);
    // Neither getters nor methods are called: the cache refuses what has them.
    if (
      property ? property.get || typeof property.value === "function" : mayLack || name in value
    ) {
      continue;
    }
    const flaw = check(property?.value, walk);
    if (flaw) return { ...flaw, path: `.${name}${flaw.path}` };
  }
  return undefined;
}

function listCheck(check: Check, shown: string): Check {
  return (value, walk) => {
    // A generator is used up by reading it, so only what can be read twice is looked into.
    if (!canBeReadTwice(value)) {
      return flawed(`it holds neither an array nor a Set where ${shown} must stand`);
    }
    let index = 0;
    for (const item of value) {
      if (walk.valuesLeft-- <= 0) return undefined;
      const flaw = check(item, walk);
      if (flaw) return { ...flaw, path: `[${index}]${flaw.path}` };
      index += 1;
    }
    return undefined;
  };
}

function leafCheck(type: GraphQLLeafType): Check {
  const reason = `it holds a value that ${type.name} cannot serialize`;
  return (value) => {
    try {
      return type.serialize(value) == null ? flawed(reason) : undefined;
    } catch (error) {
      return flawed(`${reason} (${error instanceof Error ? error.message : error})`);
    }
  };
}

function flawed(reason: string): Flaw {
  return { reason, path: "" };
}

function canBeReadTwice(value: unknown): value is Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set || value instanceof Map) return true;
  return ArrayBuffer.isView(value) && Symbol.iterator in value;
}
