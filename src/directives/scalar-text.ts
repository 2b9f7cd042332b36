import { isDeepStrictEqual, types } from "node:util";
import type { GraphQLScalarType } from "graphql";
import { canonicalData } from "./canonical.js";
import { isRecord } from "./is-record.js";

/**
 * Gives the text that a scalar's parsed values have in a key. Plain data speaks for itself, and what `serialize` would
 * make of it is not asked: that may mask it, or round it, and the resolver was given the whole. Only an instance of a
 * class goes through `serialize`, where `parseValue` makes the same of that again.
 *
 * @throws TypeError for an instance that cannot be told from others.
 */
export function scalarText(type: GraphQLScalarType): (value: unknown) => string {
  return (value) => {
    try {
      return canonicalData(value);
    } catch {
      return serializedText(type, value);
    }
  };
}

function serializedText(type: GraphQLScalarType, value: unknown): string {
  if (!showsState(value)) {
    throw new TypeError(
      `the scalar ${type.name} parses to an object that shows nothing of what it holds`,
    );
  }
  const wire: unknown = type.serialize(value);
  if (!isDeepStrictEqual(type.parseValue(wire), value)) {
    throw new TypeError(
      `the scalar ${type.name} doesn't parse to the same again what it serialized, so its values cannot be told apart`,
    );
  }
  return `serialized(${canonicalData(wire)})`;
}

/** False where comparing would find any two alike: an instance with nothing but private fields. */
function showsState(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) {
    return [...value].every(showsState);
  }
  if (isRecord(value)) return Object.values(value).every(showsState);
  return isCompared(value) || Reflect.ownKeys(value).some((key) => isEnumerable(value, key));
}

/** Built-in objects whose content `isDeepStrictEqual` looks at. */
function isCompared(value: object): boolean {
  return (
    types.isAnyArrayBuffer(value) ||
    types.isArrayBufferView(value) ||
    types.isBoxedPrimitive(value) ||
    types.isDate(value) ||
    types.isRegExp(value)
  );
}

function isEnumerable(value: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, key);
}
