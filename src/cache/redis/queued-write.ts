import type { BuriedWrite, Delivery, QueuedWrite } from "../write-behind/queue.js";
import type { Argument } from "./connection.js";

/** A message of a stream as it comes: its id, and field and value, each. */
export type Message = readonly [id: Buffer, fields: readonly Buffer[]];

const KEY = "k";
const ENTRY = "e";
const FORMAT = "f";
const VALUE = "v";
/** Of a write that was put again: otherwise its place is its sequence. */
const SEQUENCE = "s";
/** Of buried writes. */
const ATTEMPTS = "n";
const REASON = "r";

export function fieldsOf(write: QueuedWrite, sequence: number | undefined): Argument[] {
  const again = sequence === undefined ? [] : [SEQUENCE, sequence];
  const { key, entry, format, value } = write;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return [KEY, key, ENTRY, JSON.stringify(entry), FORMAT, format, VALUE, bytes, ...again];
}

export function fieldsOfBuried({ write, sequence, attempt }: Delivery, reason: string): Argument[] {
  return [...fieldsOf(write, sequence), ATTEMPTS, attempt, REASON, reason];
}

export function readDelivery(message: Message, attempt: number): Delivery {
  const { id, sequence, write } = readMessage(message);
  return { id, sequence, attempt, write };
}

export function readBuried(message: Message): BuriedWrite {
  const { id, sequence, write, fields } = readMessage(message);
  return {
    id,
    sequence,
    write,
    attempts: Number(fields.get(ATTEMPTS)),
    reason: String(fields.get(REASON) ?? ""),
    buriedAtMs: numberOfId(id),
  };
}

/** The first number of an id: of a queue's the place, of a buried write's the time. */
export function numberOfId(id: string): number {
  return Number(id.split("-")[0]);
}

function readMessage([rawId, flat]: Message) {
  const id = String(rawId);
  const fields = new Map<string, Buffer>();
  for (let at = 0; at + 1 < flat.length; at += 2)
    fields.set(String(flat[at]), flat[at + 1] as Buffer);
  const write: QueuedWrite = {
    key: String(fields.get(KEY)),
    entry: JSON.parse(String(fields.get(ENTRY))),
    format: Number(fields.get(FORMAT)),
    value: fields.get(VALUE) ?? Buffer.alloc(0),
  };
  const again = fields.get(SEQUENCE);
  return { id, write, fields, sequence: again ? Number(again) : numberOfId(id) };
}
