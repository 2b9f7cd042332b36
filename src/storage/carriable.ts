import { types } from "node:util";

/** What is wrong with a value, and where, as "must not hold a Date at .since". */
function refuse(what: string, path: string): never {
  throw new TypeError(`must not hold ${what}${path === "" ? "" : ` at ${path}`}`);
}

/**
 * Refuses what JSON would drop or change in silence: numbers that are none, dates and other instances, and undefined
 * in lists. A property that is undefined is left out, and read back as undefined all the same.
 *
 * @throws TypeError
 */
export function checkJson(value: unknown, path = "", inside: readonly unknown[] = []): void {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) refuse(String(value), path);
  } else if (typeof value === "object" && value !== null) {
    if (inside.includes(value)) refuse("itself", path);
    const within = [...inside, value];
    if (Array.isArray(value)) {
      for (const [i, one] of value.entries()) {
        if (one === undefined) refuse("undefined in a list", `${path}[${i}]`);
        checkJson(one, `${path}[${i}]`, within);
      }
    } else {
      for (const [key, one] of propertiesOf(value, path)) {
        if (one !== undefined) checkJson(one, `${path}.${key}`, within);
      }
    }
  } else if (value !== null && typeof value !== "string" && typeof value !== "boolean") {
    refuse(`a ${typeof value}`, path);
  }
}

/**
 * Refuses what a structured clone in MessagePack would change in silence: instances of classes, lone halves of surrogate
 * pairs, and a property named __proto__.
 *
 * @throws TypeError
 */
export function checkPacked(value: unknown, path = "", seen = new Set<unknown>()): void {
  if (typeof value === "string" && !value.isWellFormed()) refuse("half of a surrogate pair", path);
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) checkPacked(one, `${path}[${i}]`, seen);
  } else if (value instanceof Map) {
    for (const one of [...value].flat()) checkPacked(one, `${path}(a Map)`, seen);
  } else if (value instanceof Set) {
    for (const one of value) checkPacked(one, `${path}(a Set)`, seen);
  } else if (!isCarriedWhole(value)) {
    for (const [key, one] of propertiesOf(value, path)) {
      if (key === "__proto__") refuse("a property named __proto__", path);
      if (!key.isWellFormed()) refuse("half of a surrogate pair", path);
      checkPacked(one, `${path}.${key}`, seen);
    }
  }
}

function isCarriedWhole(value: object): boolean {
  return (
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isNativeError(value) ||
    types.isArrayBuffer(value) ||
    ArrayBuffer.isView(value)
  );
}

/** Of a plain object. */
function propertiesOf(value: object, path: string): [string, unknown][] {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    refuse(`an instance of ${value.constructor?.name || "a class"}`, path);
  }
  return Object.entries(value);
}
