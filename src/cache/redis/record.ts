import type { Position } from "../position.js";
import type { Entry, EntryDraft, Nonce, Token } from "../store.js";

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
 * Whole numbers are big-endian; lengths and durations of the body are of variable width (LEB128). The scripts know
 * the head, the birth and the tags; nothing but this file knows the rest.
 */
export const HEAD_BYTES = 25;
const BIRTH_BYTES = 6;
const TAGS_AT = HEAD_BYTES + BIRTH_BYTES + 4;
const NONCE_BYTES = 8;

/** The first byte of a head: the version of the format and what is going on. */
const REST = 0x10;
const LEASED = 0x11;
const PASS = 0x12;

export interface Head {
  readonly state: "rest" | "leased" | "pass";
  readonly token: Token;
  readonly deadlineMs: number;
  readonly position: Position;
}

/** undefined for bytes that are none of ours. */
export function readHead(bytes: Buffer): Head | undefined {
  const state = stateOf(bytes);
  if (!state) return undefined;
  return {
    state,
    token: bytes.toString("latin1", 1, 9),
    deadlineMs: bytes.readUIntBE(9, 6),
    position: { epoch: bytes.readUInt32BE(15), n: bytes.readUIntBE(19, 6) },
  };
}

function stateOf(bytes: Buffer): Head["state"] | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  switch (bytes[0]) {
    case REST:
      return "rest";
    case LEASED:
      return "leased";
    case PASS:
      return "pass";
  }
  return undefined;
}

/** A position as the scripts put it into a head. */
export function writePosition(position: Position): Buffer {
  const bytes = Buffer.allocUnsafe(10);
  bytes.writeUInt32BE(position.epoch, 0);
  bytes.writeUIntBE(position.n, 4, 6);
  return bytes;
}

export function hasBody(bytes: Buffer): boolean {
  return bytes.length > HEAD_BYTES;
}

/** The entry of a record that has a body. The value is a view of `bytes`. @throws RangeError for foreign bytes. */
export function readEntry(bytes: Buffer): Entry {
  const tagsEnd = TAGS_AT + bytes.readUInt32BE(HEAD_BYTES + BIRTH_BYTES);
  const reader = new Reader(bytes, TAGS_AT);
  const tags: string[] = [];
  const nonces: Nonce[] = [];
  while (reader.at < tagsEnd) {
    nonces.push(reader.text(NONCE_BYTES));
    tags.push(reader.text(reader.number()));
  }
  return {
    token: bytes.toString("latin1", 1, 9),
    birthMs: bytes.readUIntBE(HEAD_BYTES, 6),
    tags,
    nonces,
    ttlMs: reader.number(),
    staleWhileRevalidateMs: reader.number(),
    staleIfErrorMs: reader.number(),
    loadMs: reader.number(),
    format: reader.number(),
    value: reader.rest(),
  };
}

/** The body without its birth, which the server gives. */
export function writeBody(draft: EntryDraft): Buffer {
  const tags = draft.tags.map((tag, index) => {
    const name = Buffer.from(tag);
    return Buffer.concat([
      Buffer.from(draft.nonces[index] as Nonce, "latin1"),
      number(name.length),
      name,
    ]);
  });
  const tagBytes = Buffer.concat(tags);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(tagBytes.length);
  return Buffer.concat([
    length,
    tagBytes,
    number(draft.ttlMs),
    number(draft.staleWhileRevalidateMs),
    number(draft.staleIfErrorMs),
    number(draft.loadMs),
    number(draft.format),
    draft.value,
  ]);
}

class Reader {
  constructor(
    readonly bytes: Buffer,
    public at: number,
  ) {}

  number(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes.readUInt8(this.at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  text(length: number): string {
    if (this.at + length > this.bytes.length) throw new RangeError("A text ends past its record.");
    this.at += length;
    return this.bytes.toString("utf8", this.at - length, this.at);
  }

  rest(): Buffer {
    return this.bytes.subarray(this.at);
  }
}

function number(value: number): Buffer {
  const bytes: number[] = [];
  let rest = Math.round(value);
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
