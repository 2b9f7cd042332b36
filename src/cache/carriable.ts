import { types } from "node:util";
import { NotCacheableError } from "./errors.js";

/**
 * What a value needs to come back as it was.
 *
 * - `plain`: JSON's types, undefined, NaN, bigint, Date, Set, Buffer, typed arrays;
 * - `graph`: also Map, RegExp, references that occur twice, and lists of many like objects;
 * - `exact`: also -0, invalid dates, holes in arrays, lone surrogates, a key named `__proto__`.
 */
export type Demand = "plain" | "graph" | "exact";

/** From so many objects in one list on, naming their common properties once pays. */
const MANY_OBJECTS = 3;

/**
 * Walks a value before it is stored.
 *
 * @throws NotCacheableError naming the path of what cannot be carried faithfully: functions, symbols, promises,
 *   streams, proxies, errors and instances of classes, which would come back without their methods.
 */
export function demandOf(value: unknown): Demand {
  const seen = new Set<object>();
  let graph = false;
  let exact = false;

  visit(value, "");
  return exact ? "exact" : graph ? "graph" : "plain";

  function visit(node: unknown, path: string): void {
    switch (typeof node) {
      case "string":
        if (!node.isWellFormed()) exact = true;
        return;
      case "number":
        if (Object.is(node, -0)) exact = true;
        return;
      case "function":
      case "symbol":
        throw refusal(`a ${typeof node}`, path);
      case "object":
        if (node !== null) visitObject(node, path);
    }
  }

  function visitObject(node: object, path: string): void {
    if (seen.has(node)) {
      graph = true;
      return;
    }
    seen.add(node);
    if (types.isProxy(node)) throw refusal("a proxy", path);
    const prototype: unknown = Object.getPrototypeOf(node);
    if (Array.isArray(node)) {
      visitArray(node, path);
    } else if (prototype === Object.prototype || prototype === null) {
      visitRecord(node, path);
    } else {
      visitBuiltIn(node, prototype, path);
    }
  }

  function visitBuiltIn(node: object, prototype: unknown, path: string): void {
    if (isBinary(prototype)) return;
    if (prototype === Date.prototype) {
      if (Number.isNaN((node as Date).getTime())) exact = true;
    } else if (prototype === Map.prototype) {
      graph = true;
      for (const [key, item] of node as Map<unknown, unknown>) {
        visit(key, `${path}<key>`);
        visit(item, `${path}<value>`);
      }
    } else if (prototype === Set.prototype) {
      for (const item of node as Set<unknown>) visit(item, `${path}<item>`);
    } else if (prototype === RegExp.prototype) {
      if ((node as RegExp).lastIndex !== 0) throw refusal("a RegExp in use", path);
      graph = true;
    } else {
      throw refusal(describe(node), path);
    }
    refuseOwnExtras(node, path);
  }

  function visitArray(node: unknown[], path: string): void {
    if (Object.getPrototypeOf(node) !== Array.prototype) throw refusal(describe(node), path);
    let holes = 0;
    for (let index = 0; index < node.length; index += 1) if (!(index in node)) holes += 1;
    const indexes = Reflect.ownKeys(node).length - 1;
    if (indexes > node.length - holes) throw refusal("an array with properties of its own", path);
    if (holes > 0) exact = true;
    let objects = 0;
    node.forEach((item, index) => {
      if (typeof item === "object" && item !== null && ++objects === MANY_OBJECTS) graph = true;
      visit(item, `${path}[${index}]`);
    });
  }

  function visitRecord(node: object, path: string): void {
    for (const key of Reflect.ownKeys(node)) {
      if (typeof key === "symbol") throw refusal("a property named by a symbol", path);
      const property = Object.getOwnPropertyDescriptor(node, key);
      if (!property?.enumerable) throw refusal("a hidden property", `${path}.${key}`);
      if (property.get || property.set) throw refusal("an accessor", `${path}.${key}`);
      if (key === "__proto__" || !key.isWellFormed()) exact = true;
      visit(property.value, `${path}.${key}`);
    }
  }
}

function refuseOwnExtras(node: object, path: string): void {
  const own = Reflect.ownKeys(node).length - (node instanceof RegExp ? 1 : 0);
  if (own > 0) throw refusal(`${describe(node)} with properties of its own`, path);
}

const TypedArray = Object.getPrototypeOf(Uint8Array) as { prototype: object };

function isBinary(prototype: unknown): boolean {
  return (
    prototype === Buffer.prototype ||
    prototype === ArrayBuffer.prototype ||
    prototype === DataView.prototype ||
    (typeof prototype === "object" &&
      prototype !== null &&
      Object.getPrototypeOf(prototype) === TypedArray.prototype)
  );
}

function describe(node: object): string {
  const name: unknown = node.constructor?.name;
  if (types.isPromise(node)) return "a promise";
  return typeof name === "string" && name !== ""
    ? `an instance of ${name}`
    : "an object of a class";
}

function refusal(what: string, path: string): NotCacheableError {
  const where = path === "" ? "The value is" : `At "${path.replace(/^\./, "")}" the value holds`;
  return new NotCacheableError(
    `A cached value must consist of plain data that comes back as it went in. ${where} ${what}.`,
  );
}
