import { Packr } from "msgpackr";
import { checkJson, checkPacked } from "./carriable.js";

/** How a field's value is written as text. Both throw on what they cannot carry. */
interface Codec<T> {
  encode(value: T): string;
  decode(text: string): T;
}

export interface ValueField<T> extends Codec<T> {
  readonly kind: "value";
}
/** May be absent from a record; `undefined` removes it. */
export interface OptionalField<T> extends Codec<T> {
  readonly kind: "optional";
}
/** May be incremented without being read first. */
export interface IntegerField extends Codec<number> {
  readonly kind: "integer";
}
/**
 * Counts by member, as a cart's quantities by size. Each member is stored by itself, so two writers lose nothing.
 * A count that falls to 0 or below is removed with its member.
 */
export interface CountsField {
  readonly kind: "counts";
}

export type Field = ValueField<unknown> | OptionalField<unknown> | IntegerField | CountsField;
export type HashSchema = Readonly<Record<string, Field>>;

export function text(): ValueField<string> {
  return { kind: "value", encode: encodeText, decode: (stored) => stored };
}

/** A whole number that JavaScript holds exactly. */
export function integer(): IntegerField {
  return { kind: "integer", encode: (value) => String(checkInteger(value)), decode: decodeInteger };
}

/** A time, to the millisecond. */
export function date(): ValueField<Date> {
  return {
    kind: "value",
    encode: (value) => String(checkInteger(value.getTime())),
    decode: (stored) => new Date(decodeInteger(stored)),
  };
}

export function oneOf<const T extends string>(...values: readonly T[]): ValueField<T> {
  const find = (given: string): T => {
    const found = values.find((value) => value === given);
    if (found === undefined) throw new TypeError(`must be one of ${values.join(", ")}`);
    return found;
  };
  return { kind: "value", encode: find, decode: find };
}

/**
 * Plain data: text, finite numbers, booleans, null, and lists and plain objects of them. What JSON would change in
 * silence is refused; a property that is undefined is left out, and -0 is 0. `parse` checks what comes back; without it the
 * stored value is trusted.
 */
export function json<T>(parse: (stored: unknown) => T = (stored) => stored as T): ValueField<T> {
  return {
    kind: "value",
    encode(value) {
      checkJson(value);
      return JSON.stringify(value);
    },
    decode: (stored) => parse(JSON.parse(stored)),
  };
}

/**
 * Plain data by MessagePack: Date, Map, Set, bigint, RegExp, Error and typed arrays as well, and objects that refer to
 * each other. Instances of other classes are refused; of a class that extends one of these, what comes back is one of
 * these. Of an Error the message is kept, and the name where it is one of JavaScript's own; a Buffer comes back as a
 * Uint8Array, -0 as 0 and a hole in a list as undefined. Kept as base64. `parse` as in `json`.
 */
export function packed<T>(parse: (stored: unknown) => T = (stored) => stored as T): ValueField<T> {
  return {
    kind: "value",
    encode(value) {
      if (value === undefined) throw new TypeError("must be something MessagePack carries");
      checkPacked(value);
      // MessagePack would drop in silence what a clone refuses, as functions.
      return packr.pack(structuredClone(value)).toString("base64");
    },
    decode: (stored) => parse(packr.unpack(Buffer.from(stored, "base64"))),
  };
}

const packr = new Packr({
  structuredClone: true,
  moreTypes: true,
  mapsAsObjects: false,
  useBigIntExtension: true,
  copyBuffers: true,
});

export function optional<T>(field: ValueField<T>): OptionalField<T> {
  return { ...field, kind: "optional" };
}

export function counts(): CountsField {
  return { kind: "counts" };
}

function encodeText(value: string): string {
  if (typeof value !== "string") throw new TypeError(`must be text, but ${typeof value} came`);
  // Half of a surrogate pair has no bytes of its own: another text would come back.
  if (!value.isWellFormed()) throw new TypeError("must be well-formed text");
  return value;
}

function checkInteger(value: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError("must be a whole number within ±2^53");
  return value;
}

function decodeInteger(stored: string): number {
  if (!/^-?\d+$/.test(stored)) throw new TypeError("must be a whole number");
  return checkInteger(Number(stored));
}
