import type { Nonce } from "../entry.js";
import type { Position } from "../position.js";

/**
 * The text of T(t): `<nonce><kind><epoch>:<n>`, as `k3Jd8sQxe9f3c2a1b:17`, and behind a `|` the key of the tag's only
 * entry (see file-entry.lua).
 *
 * - kind `c`: created, for want of a version, by somebody who could not tell where the log stood; no position follows;
 * - kind `p`: created, and given a position that no eviction before its creation is past;
 * - kind `e`: made by the eviction at that position.
 */
export type TagVersion =
  | { readonly kind: "created"; readonly nonce: Nonce; readonly position?: undefined }
  | { readonly kind: "positioned" | "evicted"; readonly nonce: Nonce; readonly position: Position };

/** undefined for an absent version, and for a text that is none of ours: both are a miss. */
export function readTagVersion(text: string | undefined): TagVersion | undefined {
  if (text === undefined || text.length <= NONCE_CHARACTERS) return undefined;
  const nonce = text.slice(0, NONCE_CHARACTERS);
  if (text[8] === "c") return { kind: "created", nonce };
  const kind = text[8] === "p" ? "positioned" : text[8] === "e" ? "evicted" : undefined;
  const entryAt = text.indexOf("|");
  const position = readLogPosition(text.slice(9, entryAt === -1 ? undefined : entryAt));
  return kind && position ? { kind, nonce, position } : undefined;
}

/** The nonce alone, which is all that a hit needs of a version; undefined as for `readTagVersion`. */
export function nonceOf(bytes: Buffer | null): Nonce | undefined {
  return bytes && bytes.length > NONCE_CHARACTERS && KINDS.has(bytes[NONCE_CHARACTERS])
    ? bytes.toString("latin1", 0, NONCE_CHARACTERS)
    : undefined;
}

const NONCE_CHARACTERS = 8;
const KINDS: ReadonlySet<number | undefined> = new Set(Buffer.from("cpe"));

export function createdVersion(nonce: Nonce): string {
  return `${nonce}c`;
}

export function evictedVersion(nonce: Nonce, position: Position): string {
  return `${nonce}e${writeLogPosition(position)}`;
}

/** The key of the tag's only entry, where it stands in the version's text. */
export function onlyEntryOf(text: string): string | undefined {
  const at = text.indexOf("|");
  return at === -1 ? undefined : text.slice(at + 1);
}

/** The text of L and of positions in T(t): `<epoch as 8 hex digits>:<n>`. */
export function writeLogPosition(position: Position): string {
  return `${position.epoch.toString(16).padStart(8, "0")}:${position.n}`;
}

export function readLogPosition(text: string): Position | undefined {
  const match = /^([0-9a-f]{8}):(\d{1,15})$/.exec(text);
  return match
    ? { epoch: Number.parseInt(match[1] as string, 16), n: Number(match[2]) }
    : undefined;
}
