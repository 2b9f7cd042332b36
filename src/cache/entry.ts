import type { Position } from "./position.js";

/** What makes two generations of a tag differ; compared for equality only. */
export type Nonce = string;

/** Names one lease, and later the entry that was committed under it. */
export type Token = string;

/** A stored result. Times are milliseconds on the store's clock. */
export interface Entry {
  readonly token: Token;
  readonly birthMs: number;
  readonly ttlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** Δ: how long its load took. */
  readonly loadMs: number;
  /** How far the log was when the oldest thing was loaded that its load may have seen; undefined where unknown. */
  readonly since?: Position | undefined;
  readonly tags: readonly string[];
  /** The version each tag had when the load began, in the order of `tags`. */
  readonly nonces: readonly Nonce[];
  /** How `value` is encoded; the codec's business. */
  readonly format: number;
  readonly value: Uint8Array;
}

/** An entry before its commit, which gives it birth and token. */
export type EntryDraft = Omit<Entry, "token" | "birthMs">;

/** How long an entry is kept at all: its ttl and the longer of its stale windows. */
export function lifeMs(
  entry: Pick<Entry, "ttlMs" | "staleWhileRevalidateMs" | "staleIfErrorMs">,
): number {
  return entry.ttlMs + Math.max(entry.staleWhileRevalidateMs, entry.staleIfErrorMs);
}
