import type { Call } from "../call.js";
import { NotCacheableError, WriteQueueFullError } from "../errors.js";
import { holdForWrite, type WriteParts } from "../held-write.js";
import type { QueuedWrite, WriteQueue } from "./queue.js";
import type { WriteBehindSettings } from "./settings.js";
import type { PutReceipt } from "./types.js";

export interface PutParts extends WriteParts {
  readonly name: string;
  readonly queue: WriteQueue;
  readonly behind: WriteBehindSettings;
}

/**
 * Queue, lease, pin, commit. Each has its place:
 *
 * - The queue comes first: what readers were shown is never lost with this process.
 * - The lease is taken before the pin is set. A fill that began earlier, and found no pin, can commit no more; one that
 *   begins later finds the pin, and loads nothing.
 * - The entry is committed after the pin, and what is not stored is deleted, so that readers come to the pin. Of two
 *   writes at once one may void the other's lease: then that one's deletion leaves the newer of the two pins to all.
 */
export async function put(parts: PutParts, call: Call, value: unknown): Promise<PutReceipt> {
  const { name, queue, outage, reporter, behind } = parts;
  const { key, entry } = call;
  const write = queued(parts, call, value);
  if (outage.isOn) throw outage.error({ key });
  let sequence: number | undefined;
  try {
    sequence = await queue.append(write, behind.maxPending);
  } catch (error) {
    outage.notice(error);
    throw outage.error({ key });
  }
  if (sequence === undefined) throw full(parts, key);
  reporter.report({ type: "put", queue: name, key, sequence });

  const held = await holdForWrite(parts, call, value);
  if ((await pin(parts, write, sequence)) === "newer") {
    await held?.release();
    return { sequence, stored: false };
  }
  const stored = held ? await held.store() : false;
  if (!stored) await parts.delete(key);
  return { sequence, stored };

  /** What fails is the outage's to tell: the origin will have the write. */
  async function pin(
    { store }: PutParts,
    { format, value: bytes }: QueuedWrite,
    own: number,
  ): Promise<"pinned" | "newer" | "unknown"> {
    const { tags } = entry;
    const standIn = { queue: name, sequence: own, tags, format, value: bytes };
    try {
      return (await store.pins.pin(key, standIn)) ? "pinned" : "newer";
    } catch (error) {
      outage.notice(error);
      return "unknown";
    }
  }
}

/** @throws NotCacheableError */
function queued({ codec, settings }: PutParts, { key, entry }: Call, value: unknown): QueuedWrite {
  const { format, bytes } = codec.encode(value);
  if (bytes.byteLength > settings.maxValueBytes) {
    throw new NotCacheableError(
      `A value must be of at most ${settings.maxValueBytes} bytes to be put, but this one is of ${bytes.byteLength}.`,
      { key },
    );
  }
  const { ttlMs, staleWhileRevalidateMs, staleIfErrorMs, nullTtlMs, tags, coordinate } = entry;
  return {
    key,
    entry: { ttlMs, staleWhileRevalidateMs, staleIfErrorMs, nullTtlMs, tags, coordinate },
    format,
    value: bytes,
  };
}

export function full({ name, behind }: PutParts, key: string): WriteQueueFullError {
  return new WriteQueueFullError(
    `The queue "${name}" must have room for another write, but holds ${behind.maxPending}, its dead letters among them.`,
    { key },
  );
}
