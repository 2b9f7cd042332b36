import { type Entry, type EntryDraft, lifeMs, type Nonce, type Token } from "./entry.js";
import type { Position } from "./position.js";

/** What an entry costs beside its key, tags and value. */
const OVERHEAD_BYTES = 200;

/** An entry as it is kept in this process. Not a draft spread out: of those, V8 keeps a description each. */
export class MemoryEntry implements Entry {
  readonly token: Token;
  readonly birthMs: number;
  readonly ttlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly loadMs: number;
  readonly since: Position | undefined;
  readonly tags: readonly string[];
  readonly nonces: readonly Nonce[];
  readonly format: number;
  readonly value: Uint8Array;

  constructor(draft: EntryDraft, token: Token, birthMs: number) {
    this.token = token;
    this.birthMs = birthMs;
    this.ttlMs = draft.ttlMs;
    this.staleWhileRevalidateMs = draft.staleWhileRevalidateMs;
    this.staleIfErrorMs = draft.staleIfErrorMs;
    this.loadMs = draft.loadMs;
    this.since = draft.since;
    // Answers are made of the entry itself.
    this.tags = Object.freeze([...draft.tags]);
    this.nonces = draft.nonces;
    this.format = draft.format;
    // Encoders hand out slices of larger buffers, which an entry would keep alive as a whole.
    this.value = new Uint8Array(draft.value);
  }
}

export function sizeOf(entry: Entry, key: string): number {
  const names = entry.tags.reduce((sum, tag) => sum + tag.length, 0);
  return OVERHEAD_BYTES + 2 * (key.length + names) + entry.value.byteLength;
}

export function endOf(entry: Entry): number {
  return entry.birthMs + lifeMs(entry);
}
