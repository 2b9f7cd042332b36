import { createHash } from "node:crypto";
import { InvalidOptionError } from "./errors.js";

/** A template taken apart: `literals[0] {names[0]} literals[1] … {names[n-1]} literals[n]`. */
export interface ParsedTemplate {
  readonly literals: readonly string[];
  readonly names: readonly string[];
}

/** What a tag made by hand may hold. */
export type TagValue = string | number | bigint | boolean;

/** Longer values are hashed: a tag is part of a key's name, and its length must not be a caller's to choose. */
const MAX_VALUE_CHARACTERS = 200;

/** What stands in an escaped value as it is; everything else, `:` and `%` included, is written as `%…`. */
const PLAIN = /^[A-Za-z0-9_.~-]*$/;

/** What an escaped value consists of, so that nothing of the kind tells where it ends. */
const ESCAPED = /^[A-Za-z0-9_.~%-]*$/;

/**
 * Makes a tag by hand, with the escaping of the directives' templates: `tag("menu-item:{id}", { id })`.
 *
 * @throws InvalidOptionError for a malformed template, or a value that is missing or of another type.
 */
export function tag(template: string, values: Readonly<Record<string, TagValue>> = {}): string {
  const { literals, names } = parseTemplate(template);
  return names.reduce((text, name, index) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return text + escapeTagValue(tagText(template, name, value)) + literals[index + 1];
  }, literals[0] ?? "");
}

/**
 * Escapes a value so that it stays inside its place in a tag or key: different values give different texts, and
 * none holds a character that separates. Letters, digits and `-._~` stand for themselves. Long values are hashed.
 */
export function escapeTagValue(value: string): string {
  if (value.length > MAX_VALUE_CHARACTERS) {
    // `%h` cannot come from escaping, so no shorter value can pass for a hashed one. UTF-16, because UTF-8 would
    // fold all lone surrogates into one character.
    return `%h${createHash("sha256").update(Buffer.from(value, "utf16le")).digest("base64url")}`;
  }
  return PLAIN.test(value) ? value : [...value].map(escapeCharacter).join("");
}

/**
 * Takes a template apart. Braces hold names, everything outside them is literal.
 *
 * @throws InvalidOptionError for an empty template, unbalanced or empty braces, or two values with nothing
 *   between them that a value cannot contain.
 */
export function parseTemplate(template: string): ParsedTemplate {
  const literals: string[] = [];
  const names: string[] = [];
  let rest = template;
  for (;;) {
    const open = rest.indexOf("{");
    const literal = open === -1 ? rest : rest.slice(0, open);
    if (literal.includes("}")) throw malformed(template, 'has a "}" that nothing opened');
    if (names.length > 0 && open !== -1 && ESCAPED.test(literal)) {
      throw malformed(
        template,
        'has two values with nothing between them that tells them apart, such as ":"',
      );
    }
    literals.push(literal);
    if (open === -1) break;
    const close = rest.indexOf("}", open);
    if (close === -1) throw malformed(template, 'has a "{" that nothing closes');
    const name = rest.slice(open + 1, close);
    if (!/^[A-Za-z_][\w.]*$/.test(name)) {
      throw malformed(template, `names a value "{${name}}", which is not a path`);
    }
    names.push(name);
    rest = rest.slice(close + 1);
  }
  if (template === "") throw malformed(template, "is empty");
  return { literals, names };
}

function escapeCharacter(character: string): string {
  if (PLAIN.test(character)) return character;
  if (character.isWellFormed()) {
    return encodeURIComponent(character).replace(
      /[!*'()]/g,
      (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  }
  return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function tagText(template: string, name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  throw new InvalidOptionError(
    `The tag template "${template}" needs a string, number, bigint or boolean for "${name}", but got ${describe(value)}.`,
  );
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function malformed(template: string, problem: string): InvalidOptionError {
  return new InvalidOptionError(`The template "${template}" ${problem}.`);
}
