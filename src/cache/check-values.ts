import { InvalidOptionError } from "./errors.js";

const MAX_TTL_SECONDS = 365 * 24 * 3600;

/**
 * A misspelt option would be left out without a word: `authorise` would let everybody in.
 *
 * @param what where the options stand, if not by themselves
 * @throws InvalidOptionError naming the options there are.
 */
export function checkOptionNames(
  owner: string,
  options: object,
  known: Readonly<Record<string, true>>,
  what = "options",
): void {
  if (typeof options !== "object" || options === null) throw wrong(what, "an object", options);
  // Not by Object.keys, which takes twice as long: an entry's are looked at with each lookup.
  for (const name in options) {
    if (Object.hasOwn(known, name) || !Object.hasOwn(options, name)) continue;
    const names = Object.keys(known).join(", ");
    throw new InvalidOptionError(
      `${owner} knows the options ${names}; "${name}" is not one of them.`,
    );
  }
}

/** @throws InvalidOptionError */
export function checkKey(key: string, what = "A key"): void {
  // Those that begin with NUL are the cache's own; texts that are not well-formed would all become one in UTF-8.
  if (typeof key !== "string" || key === "" || key.charCodeAt(0) === 0 || !key.isWellFormed()) {
    throw wrong(what, "a non-empty, well-formed string that does not begin with NUL", key);
  }
}

/** The tags without repetitions. @throws InvalidOptionError */
export function checkTags(tags: readonly string[]): readonly string[] {
  if (!Array.isArray(tags)) throw wrong("tags", "an array of strings", tags);
  for (const tag of tags) {
    if (typeof tag !== "string" || tag === "" || tag.length > 1024 || !tag.isWellFormed()) {
      throw wrong("A tag", "a well-formed string of 1 to 1024 characters", tag);
    }
  }
  // A copy: what waits and loads under these tags must not change with the caller's list.
  return tags.length > 1 ? [...new Set(tags)] : [...tags];
}

/** @throws InvalidOptionError */
export function ttlMilliseconds(seconds: number): number {
  if (!(typeof seconds === "number" && seconds > 0 && seconds <= MAX_TTL_SECONDS)) {
    throw wrong("ttlSeconds", "a number greater than 0, of a year at the most", seconds);
  }
  return Math.max(1, Math.round(seconds * 1000));
}

export function windowMs(name: string, seconds: number | undefined, fallbackMs: number): number {
  if (seconds === undefined) return fallbackMs;
  if (!(typeof seconds === "number" && seconds >= 0 && seconds <= MAX_TTL_SECONDS)) {
    throw wrong(name, "a number of seconds from 0 to a year", seconds);
  }
  return Math.round(seconds * 1000);
}

export function milliseconds(name: string, seconds: number): number {
  return Math.round(within(name, seconds, 0.001, 24 * 3600) * 1000);
}

export function integer(
  name: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    const upTo = most === Number.MAX_SAFE_INTEGER ? "" : `, and of at most ${most}`;
    throw wrong(name, `a whole number of at least ${least}${upTo}`, value);
  }
  return value;
}

export function within(name: string, value: number, least: number, most: number): number {
  if (!(typeof value === "number" && value >= least && value <= most)) {
    throw wrong(name, `a number from ${least} to ${most}`, value);
  }
  return value;
}

export function wrong(name: string, must: string, came: unknown): InvalidOptionError {
  const shown = typeof came === "string" ? JSON.stringify(came.slice(0, 80)) : shortly(came);
  return new InvalidOptionError(`${name} must be ${must}, but got: ${shown}`);
}

/** What came, without what it holds: that may be a secret, or a client with all its connections. */
function shortly(came: unknown): string {
  if (typeof came === "function") return "a function";
  if (typeof came !== "object" || came === null) return String(came);
  return Array.isArray(came) ? "an array" : "an object";
}
