import {
  type GraphQLLeafType,
  type GraphQLOutputType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
} from "graphql";

/** Says why a value may not be stored, as the end of a sentence, or undefined where it may. */
export type Objection = (value: unknown) => string | undefined;

/**
 * Checks what a field returned against its type before it is stored: what would fail its output coercion would fail
 * again on each hit until its ttl. Looks at the field's own lists, nulls and scalars; fields further down complete
 * their own values.
 */
export function storableCheck(type: GraphQLOutputType): Objection {
  if (isNonNullType(type)) {
    const objection = storableCheck(getNullableType(type));
    return (value) =>
      value == null ? `it holds ${value} where ${String(type)} must stand` : objection(value);
  }
  const objection = presentCheck(type);
  return (value) => {
    if (value == null) return undefined;
    return value instanceof Error ? "it holds an error" : objection(value);
  };
}

function presentCheck(type: GraphQLOutputType): Objection {
  if (isListType(type)) return listCheck(storableCheck(type.ofType));
  if (isLeafType(type)) return leafCheck(type);
  return isAbstractType(type) ? hasTypename : () => undefined;
}

function listCheck(objection: Objection): Objection {
  return (value) => {
    // A generator is used up by reading it, so only what can be read twice is looked into.
    if (!Array.isArray(value) && !(value instanceof Set))
      return "it is a list, but neither an array nor a Set";
    for (const item of value) {
      const reason = objection(item);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };
}

function leafCheck(type: GraphQLLeafType): Objection {
  return (value) => {
    try {
      return type.serialize(value) == null
        ? `it holds a value that ${type.name} cannot serialize`
        : undefined;
    } catch (error) {
      return `it holds a value that ${type.name} cannot serialize (${error instanceof Error ? error.message : error})`;
    }
  };
}

/** `resolveType` often looks at a value's class, which doesn't outlive storing; a `__typename` does. */
function hasTypename(value: unknown): string | undefined {
  const { __typename } = value as { __typename?: unknown };
  return typeof __typename === "string"
    ? undefined
    : "of an abstract type it holds a value without __typename";
}
