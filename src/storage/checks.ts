import { InvalidStorageValueError } from "./errors.js";

const maxIdLength = 512;

/** @throws InvalidStorageValueError */
export function checkId(id: string): string {
  if (typeof id === "string" && id.length > 0 && id.length <= maxIdLength) return id;
  throw new InvalidStorageValueError(
    `An id must be text of 1 to ${maxIdLength} characters, but ${describe(id)} came.`,
  );
}

/** Whole milliseconds, at least one. @throws InvalidStorageValueError */
export function toTtlMs(ttlSeconds: number | undefined): number | undefined {
  if (ttlSeconds === undefined) return undefined;
  if (Number.isFinite(ttlSeconds) && ttlSeconds > 0) return Math.ceil(ttlSeconds * 1_000);
  throw new InvalidStorageValueError(
    `ttlSeconds must be a number greater than 0, but ${describe(ttlSeconds)} came.`,
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

/** @throws InvalidStorageValueError */
export function checkScores(scores: ReadonlyMap<string, number>): void {
  for (const [member, score] of scores) {
    if (Number.isFinite(score)) continue;
    throw new InvalidStorageValueError(
      `A score must be a finite number, but ${describe(score)} came for ${JSON.stringify(member)}.`,
    );
  }
}

/** Infinite bounds are none. @throws InvalidStorageValueError */
export function checkBounds(min: number, max: number): void {
  for (const bound of [min, max]) {
    if (typeof bound === "number" && !Number.isNaN(bound)) continue;
    throw new InvalidStorageValueError(`A bound must be a number, but ${describe(bound)} came.`);
  }
}

const maxMemberLength = 512;

/** @throws InvalidStorageValueError */
export function checkMembers(members: readonly string[]): readonly string[] {
  for (const member of members) {
    if (typeof member === "string" && member.length > 0 && member.length <= maxMemberLength)
      continue;
    throw new InvalidStorageValueError(
      `A member must be text of 1 to ${maxMemberLength} characters, but ${describe(member)} came.`,
    );
  }
  return members;
}

/** @throws InvalidStorageValueError */
export function checkPage(after: string | null | undefined): void {
  if (after === null || after === undefined || typeof after === "string") return;
  throw new InvalidStorageValueError(`after must be text, but ${describe(after)} came.`);
}

/** For messages: ids may be secrets and values long, so text shows as its length only. */
function describe(value: unknown): string {
  return typeof value === "string" ? `one of ${value.length} characters` : String(value);
}
