import { createHash } from "node:crypto";
import { isRecord } from "./is-record.js";

/** Longer parts of a key are hashed: readable where short, bounded where a caller chooses the length. */
const MAX_PART_CHARACTERS = 200;

const MAX_DEPTH = 64;

const PLAIN_NAME = /^[A-Za-z_]\w*$/;

/**
 * One text for one value: names sorted, null unlike absent, a string unlike the number of the same digits.
 * Written like GraphQL's literals with round brackets for objects, since Redis Cluster gives braces in a key a
 * meaning: what they enclose chooses the slot, and that must not be a caller's to choose.
 *
 * @throws TypeError for what has no canonical text: functions, symbols, promises, cycles, instances without `toJSON`.
 */
export function canonical(value: unknown): string {
  return write(value, 0, true);
}

/**
 * The same for what must be told apart whatever it says of itself: a class's `toJSON` may mask or round, so no instance
 * has a text but those of the platform's classes that leave nothing out.
 *
 * @throws TypeError as `canonical`, and for all other instances.
 */
export function canonicalData(value: unknown): string {
  return write(value, 0, false);
}

/** The text itself, or its SHA-256 where it is long. No canonical text begins as a hash does. */
export function shortened(text: string): string {
  if (text.length <= MAX_PART_CHARACTERS) return text;
  return `#sha256-${createHash("sha256").update(text).digest("base64url")}`;
}

function write(value: unknown, depth: number, trustsToJson: boolean): string {
  if (depth > MAX_DEPTH) throw new TypeError(`it is nested deeper than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case "string":
      return writeString(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
    case "undefined":
      return String(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : writeObject(value, depth, trustsToJson);
    default:
      throw new TypeError(`it holds a ${typeof value}`);
  }
}

function writeString(text: string): string {
  return JSON.stringify(text).replace(/[{}]/g, (brace) => (brace === "{" ? "\\u007b" : "\\u007d"));
}

function writeObject(value: object, depth: number, trustsToJson: boolean): string {
  if (Array.isArray(value) && (trustsToJson || isBare(value, Array.prototype))) {
    return `[${Array.from(value, (item) => write(item, depth + 1, trustsToJson)).join(",")}]`;
  }
  if (value instanceof Uint8Array && (trustsToJson || isBareBytes(value)))
    return `bytes(${Buffer.from(value).toString("base64")})`;
  if (value instanceof Date && (trustsToJson || isBare(value, Date.prototype)))
    return `date(${value.getTime()})`;
  if (isRecord(value)) return writeRecord(value, depth, trustsToJson);
  const mayTell = trustsToJson || tellsAll(value);
  if (mayTell && "toJSON" in value && typeof value.toJSON === "function") {
    return `json(${write(value.toJSON(), depth + 1, trustsToJson)})`;
  }
  throw new TypeError(`it holds an instance of ${value.constructor?.name ?? "a class"}`);
}

/** Whether it has nothing but what its class's text tells: a subclass, or a property of its own, may tell more. */
function isBare(value: object, prototype: object): boolean {
  if (Object.getPrototypeOf(value) !== prototype) return false;
  return Array.isArray(value)
    ? Reflect.ownKeys(value).length <= value.length + 1
    : Reflect.ownKeys(value).length === 0;
}

function isBareBytes(value: Uint8Array): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Uint8Array.prototype && prototype !== Buffer.prototype) return false;
  return Reflect.ownKeys(value).length === value.length;
}

function tellsAll(value: object): boolean {
  return (
    Object.getPrototypeOf(value) === URL.prototype ||
    Object.prototype.toString.call(value).startsWith("[object Temporal.")
  );
}

function writeRecord(record: object, depth: number, trustsToJson: boolean): string {
  const fields = Object.entries(record)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${writeName(name)}:${write(field, depth + 1, trustsToJson)}`);
  return `(${fields.join(",")})`;
}

function writeName(name: string): string {
  return PLAIN_NAME.test(name) ? name : writeString(name);
}
