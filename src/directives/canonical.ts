import { createHash } from "node:crypto";

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
  return write(value, 0);
}

/** The text itself, or its SHA-256 where it is long. No canonical text begins as a hash does. */
export function shortened(text: string): string {
  if (text.length <= MAX_PART_CHARACTERS) return text;
  return `#sha256-${createHash("sha256").update(text).digest("base64url")}`;
}

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError(`it is nested deeper than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case "string":
      return writeString(value);
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : writeObject(value, depth);
    default:
      throw new TypeError(`it holds a ${typeof value}`);
  }
}

function writeString(text: string): string {
  return JSON.stringify(text).replace(/[{}]/g, (brace) => (brace === "{" ? "\\u007b" : "\\u007d"));
}

function writeObject(value: object, depth: number): string {
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item) => write(item, depth + 1)).join(",")}]`;
  }
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString("base64")})`;
  if (value instanceof Date) return `date(${value.getTime()})`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return writeRecord(value, depth);
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return `json(${write(value.toJSON(), depth + 1)})`;
  }
  throw new TypeError(`it holds an instance of ${value.constructor?.name ?? "a class"}`);
}

function writeRecord(record: object, depth: number): string {
  const fields = Object.entries(record)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${writeName(name)}:${write(field, depth + 1)}`);
  return `(${fields.join(",")})`;
}

function writeName(name: string): string {
  return PLAIN_NAME.test(name) ? name : writeString(name);
}
