import { InvalidStorageValueError } from "./errors.js";

const maxIdLength = 512;

/** @throws InvalidStorageValueError */
export function checkId(id: string): string {
  if (isText(id) && id.length > 0 && id.length <= maxIdLength) return id;
  throw new InvalidStorageValueError(
    `An id must be well-formed text of 1 to ${maxIdLength} characters, but ${describe(id)} came.`,
  );
}

/** A thousand years: Redis refuses what it cannot add to its clock. */
const maxTtlSeconds = 3.2e10;

/** Whole milliseconds, at least one. @throws InvalidStorageValueError */
export function toTtlMs(ttlSeconds: number | undefined): number | undefined {
  if (ttlSeconds === undefined) return undefined;
  if (ttlSeconds > 0 && ttlSeconds <= maxTtlSeconds) return Math.ceil(ttlSeconds * 1_000);
  throw new InvalidStorageValueError(
    `ttlSeconds must be a number greater than 0, and at most ${maxTtlSeconds}, but ${describe(ttlSeconds)} came.`,
  );
}

/** @throws InvalidStorageValueError */
export function checkWhole(what: string, value: number, min = Number.MIN_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  const from = min === Number.MIN_SAFE_INTEGER ? "" : ` of at least ${min}`;
  throw new InvalidStorageValueError(
    `${what} must be a whole number${from}, but ${describe(value)} came.`,
  );
}

/** A server does nothing else during a write in one step, so it has a bound. */
const maxWritten = 50_000;

/** @throws InvalidStorageValueError */
export function checkSize(what: string, size: number): void {
  if (size <= maxWritten) return;
  throw new InvalidStorageValueError(
    `${what} must be of at most ${maxWritten} members or fields, but ${size} came.`,
  );
}

/**
 * A misspelt option would be left out without a word: with `ttlSecond` a session would never end.
 *
 * @throws InvalidStorageValueError naming the options there are.
 */
export function checkOptionNames(
  owner: string,
  options: object,
  known: Readonly<Record<string, true>>,
): void {
  if (typeof options !== "object" || options === null) {
    throw new InvalidStorageValueError(`${owner} must be given its options as an object.`);
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const names = Object.keys(known).join(", ");
  throw new InvalidStorageValueError(
    `${owner} knows the options ${names}; ${JSON.stringify(unknown)} is not one of them.`,
  );
}

/** Of an option. @throws InvalidStorageValueError */
export function checkMilliseconds(name: string, value: number, min: number): number {
  if (Number.isFinite(value) && value >= min) return value;
  throw new InvalidStorageValueError(
    `${name} must be a number of milliseconds from ${min}, but ${describe(value)} came.`,
  );
}

/** Far from where sums of scores would no longer be finite. */
const maxScore = 1e300;

/** @throws InvalidStorageValueError */
export function checkScores(scores: ReadonlyMap<string, number>): void {
  for (const [member, score] of scores) {
    checkMember(member);
    if (typeof score === "number" && Math.abs(score) <= maxScore) continue;
    throw new InvalidStorageValueError(
      `A score must be a number within ±${maxScore}, but ${describe(score)} came for ${JSON.stringify(member)}.`,
    );
  }
}

/** Of a sorted set or of counts, where it may be empty or long. @throws InvalidStorageValueError */
export function checkMember(member: string): string {
  if (isText(member)) return member;
  throw new InvalidStorageValueError(
    `A member must be well-formed text, but ${describe(member)} came.`,
  );
}

/** Infinite bounds are none. @throws InvalidStorageValueError */
export function checkBounds(...bounds: readonly number[]): void {
  for (const bound of bounds) {
    if (typeof bound === "number" && !Number.isNaN(bound)) continue;
    throw new InvalidStorageValueError(`A bound must be a number, but ${describe(bound)} came.`);
  }
}

const maxMemberLength = 512;

/** @throws InvalidStorageValueError */
export function checkMembers(members: readonly string[]): readonly string[] {
  for (const member of members) {
    if (isText(member) && member.length > 0 && member.length <= maxMemberLength) continue;
    throw new InvalidStorageValueError(
      `A member must be well-formed text of 1 to ${maxMemberLength} characters, but ${describe(member)} came.`,
    );
  }
  return members;
}

/** @throws InvalidStorageValueError */
export function checkPage(after: string | null | undefined): void {
  if (after === null || after === undefined || isText(after)) return;
  throw new InvalidStorageValueError(
    `after must be well-formed text, but ${describe(after)} came.`,
  );
}

/** A lone half of a surrogate pair has no bytes of its own: two such texts would be one on their way through Redis. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

/** For messages: ids may be secrets and values long, so text shows as its length only. */
function describe(value: unknown): string {
  return typeof value === "string" ? `one of ${value.length} characters` : String(value);
}
