import type { Entry, EntryDraft, Nonce, Token } from "../entry.js";
import type { Position } from "../position.js";

/**
 * The bytes of V(k). A head of fixed width, which scripts rewrite in place:
 *
 *     1 state   8 token   6 deadline (ms)   4 epoch   6 n
 *
 * and, where there is an entry, its body:
 *
 *     6 birth (ms)   4 length of the tags   the tags: 8 nonce, length, name, each
 *     ttl, staleWhileRevalidate, staleIfError, load (ms)   1 format   the value
 *
 * Epoch and n tell where the log stood when the lease was taken. Once an entry was committed, and until the next lease,
 * which its deadline of 0 shows, they are the entry's age.
 *
 * Whole numbers are big-endian; lengths and durations of the body are of variable width (LEB128). The scripts know
 * the head, the birth and the tags; nothing but this file knows the rest.
 */
export const HEAD_BYTES = 25;
export const TOKEN_AT = 1;
export const DEADLINE_AT = 9;
const EPOCH_AT = 15;
const N_AT = 19;
const BIRTH_AT = HEAD_BYTES;
export const TAGS_LENGTH_AT = BIRTH_AT + 6;
export const TAGS_AT = TAGS_LENGTH_AT + 4;
const ID_BYTES = 8;

/** The first byte of a head: the version of the format, and what is going on. */
export const REST = 0x10;
export const LEASED = 0x11;
export const PASS = 0x12;

/** A record as read. Reading is lazy: of a hit's head, nothing but the state is ever looked at. */
export class StoredRecord {
  readonly #bytes: Buffer;
  readonly entry: Entry | undefined;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.entry = bytes.length > HEAD_BYTES ? readEntry(bytes) : undefined;
  }

  /** undefined for absent bytes, and for those that are none of ours: a fill replaces them. */
  static of(bytes: Buffer | null | undefined): StoredRecord | undefined {
    if (!bytes || bytes.length < HEAD_BYTES) return undefined;
    const state = bytes[0];
    return state === REST || state === LEASED || state === PASS
      ? new StoredRecord(bytes)
      : undefined;
  }

  get isAtRest(): boolean {
    return this.#bytes[0] === REST;
  }

  get isPass(): boolean {
    return this.#bytes[0] === PASS;
  }

  get token(): Token {
    return this.#bytes.toString("latin1", TOKEN_AT, TOKEN_AT + ID_BYTES);
  }

  get deadlineMs(): number {
    return this.#bytes.readUIntBE(DEADLINE_AT, 6);
  }

  /** Where the log stood when the lease was taken. */
  get position(): Position {
    return { epoch: this.#bytes.readUInt32BE(EPOCH_AT), n: this.#bytes.readUIntBE(N_AT, 6) };
  }
}

/** Stands for none: no log has the epoch 0. */
export const NO_POSITION: Position = { epoch: 0, n: 0 };

/** A position as the scripts put it into a head. */
export function writePosition(position: Position): Buffer {
  const bytes = Buffer.allocUnsafe(10);
  bytes.writeUInt32BE(position.epoch, 0);
  bytes.writeUIntBE(position.n, 4, 6);
  return bytes;
}

/** The value is a view of `bytes`. undefined for a body that ends before it should. */
function readEntry(bytes: Buffer): Entry | undefined {
  if (bytes.length < TAGS_AT) return undefined;
  const tagsEnd = TAGS_AT + bytes.readUInt32BE(TAGS_LENGTH_AT);
  if (tagsEnd > bytes.length) return undefined;
  const { tags, nonces } = readTags(bytes.toString("latin1", TAGS_AT, tagsEnd));
  const numbers = new NumberReader(bytes, tagsEnd);
  const entry: Entry = {
    token: "",
    birthMs: bytes.readUIntBE(BIRTH_AT, 6),
    tags,
    nonces,
    ttlMs: numbers.next(),
    staleWhileRevalidateMs: numbers.next(),
    staleIfErrorMs: numbers.next(),
    loadMs: numbers.next(),
    since: readAge(bytes),
    format: numbers.next(),
    value: bytes.subarray(numbers.at),
  };
  return numbers.at > bytes.length ? undefined : entry;
}

/** From one string of bytes: a call into the buffer for each name and nonce would cost a hit more than all else. */
function readTags(bytes: string): { tags: string[]; nonces: Nonce[] } {
  const tags: string[] = [];
  const nonces: Nonce[] = [];
  let at = 0;
  while (at < bytes.length) {
    nonces.push(bytes.slice(at, at + ID_BYTES));
    at += ID_BYTES;
    let length = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = bytes.charCodeAt(at++) || 0;
      length += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    const name = bytes.slice(at, at + length);
    tags.push(BEYOND_ASCII.test(name) ? Buffer.from(name, "latin1").toString("utf8") : name);
    at += length;
  }
  return { tags, nonces };
}

const BEYOND_ASCII = /[\x80-\xff]/;

/** The body without its birth, which the server gives. */
export function writeBody(draft: EntryDraft): Buffer {
  const tags = draft.tags.map((tag, index) => {
    const name = Buffer.from(tag);
    const nonce = Buffer.from(draft.nonces[index] as Nonce, "latin1");
    return Buffer.concat([nonce, writeNumber(name.length), name]);
  });
  const tagBytes = Buffer.concat(tags);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(tagBytes.length);
  return Buffer.concat([
    length,
    tagBytes,
    writeNumber(draft.ttlMs),
    writeNumber(draft.staleWhileRevalidateMs),
    writeNumber(draft.staleIfErrorMs),
    writeNumber(draft.loadMs),
    writeNumber(draft.format),
    draft.value,
  ]);
}

/** undefined where a lease was taken since, and what it knew stands in the age's place. */
function readAge(bytes: Buffer): Position | undefined {
  if (bytes[0] !== REST || bytes.readUIntBE(DEADLINE_AT, 6) !== 0) return undefined;
  const epoch = bytes.readUInt32BE(EPOCH_AT);
  return epoch === NO_POSITION.epoch ? undefined : { epoch, n: bytes.readUIntBE(N_AT, 6) };
}

class NumberReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  next(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }
}

function writeNumber(value: number): Buffer {
  const bytes: number[] = [];
  let rest = Math.round(value);
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
