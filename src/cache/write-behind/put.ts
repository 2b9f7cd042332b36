import type { Call } from "../call.js";
import { NotCacheableError, WriteQueueFullError } from "../errors.js";
import { holdForWrite, type WriteParts } from "../held-write.js";
import type { NearCache } from "../near-cache.js";
import { PINNED_WITHIN_MS } from "./pins.js";
import type { QueuedWrite, WriteQueue } from "./queue.js";
import type { WriteBehindSettings } from "./settings.js";
import type { PutReceipt } from "./types.js";

export interface PutParts extends WriteParts {
  readonly name: string;
  readonly queue: WriteQueue;
  readonly behind: WriteBehindSettings;
  readonly near?: Pick<NearCache, "delete"> | undefined;
}

/**
 * Queue, lease, pin, commit. Each has its place:
 *
 * - The queue comes first: what readers were shown is never lost with this process.
 * - The lease is taken before the pin is set. A fill that began earlier, and found no pin, can commit no more; one that
 *   begins later finds the pin, and loads nothing.
 * - The entry is committed after the pin, and what is not stored is deleted, so that readers come to the pin. Of two
 *   writes at once one may void the other's lease: then that one's deletion leaves the newer of the two pins to all.
 *   That holds for a write that finds a newer one pinned as well: the newer may not have been committed yet, and what
 *   is there meanwhile is older than both.
 * - This process's near copy goes before and after, as with any write of its own; the others' go with the commit's push.
 */
export async function put(parts: PutParts, call: Call, value: unknown): Promise<PutReceipt> {
  const write = queued(parts, call, value);
  // Its caller may change the value before it is the entry.
  const copy = parts.codec.decode({ format: write.format, bytes: write.value });
  parts.near?.delete(call.key);
  try {
    return await putQueued(parts, { ...call, isPending: true }, copy, write);
  } finally {
    parts.near?.delete(call.key);
  }
}

async function putQueued(
  parts: PutParts,
  call: Call,
  value: unknown,
  write: QueuedWrite,
): Promise<PutReceipt> {
  for (;;) {
    const startedAt = performance.now();
    const sequence = await append(parts, write);
    const held = await holdForWrite(parts, call, value);
    if (performance.now() - startedAt > PINNED_WITHIN_MS) {
      // Stopped for so long, this process no longer knows what became of it. A newer one of the same value does no harm.
      await held?.release();
      continue;
    }
    const isPinned = await pin(parts, write, sequence);
    if (!isPinned) await held?.release();
    const stored = isPinned && held ? await held.store() : false;
    if (!stored) await parts.delete(call.key);
    return { sequence, stored };
  }
}

async function append(parts: PutParts, write: QueuedWrite): Promise<number> {
  const { name, queue, outage, reporter, behind } = parts;
  const { key } = write;
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
  return sequence;
}

/** False where a newer write is pinned, or the origin has this one already. What fails is the outage's to tell. */
async function pin(
  { name, store, outage }: PutParts,
  { key, entry: { tags }, format, value }: QueuedWrite,
  sequence: number,
): Promise<boolean> {
  try {
    return await store.pins.pin(key, { queue: name, sequence, tags, format, value });
  } catch (error) {
    outage.notice(error);
    return false;
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
