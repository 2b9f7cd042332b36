import type { Call } from "./call.js";
import { type HeldWrite, holdForWrite, type WriteParts } from "./held-write.js";
import type { LoadRunner } from "./load.js";
import type { Write } from "./types.js";

export interface WriteThrough {
  /** True when the value is the entry now. Rejects with what the write threw. */
  run(call: Call, value: unknown, write: Write): Promise<boolean>;
  /** Resolves when no write has anything left to evict, but for those that were given up and go on all the same. */
  close(): Promise<void>;
}

/**
 * Lease and snapshot, write, evict, commit. Each has its place:
 *
 * - The lease comes before the write, over whatever is there: a fill that began earlier may have read the old value and
 *   can commit no more, and a later one waits.
 * - The tags are evicted after the write, since every load that began before it ended, of any key that is filed under
 *   them, may have seen the old value; and before the entry is committed, or it would be evicted with them.
 * - The entry is committed under the versions that this very eviction made, if nobody else had moved them since the
 *   snapshot (see held-write.ts), so it loses to every other eviction from the beginning of the write on.
 * - What is not stored is deleted. Somebody may have taken the lease while this process was paused, and load the old
 *   value at this moment: the deletion voids that lease, where an eviction would miss a fill under other tags, or none.
 */
export function createWriteThrough(
  parts: WriteParts & { readonly writes: LoadRunner },
): WriteThrough {
  const running = new Set<Promise<unknown>>();

  async function evictAll({ key, entry }: Call): Promise<void> {
    await parts.evict(entry.tags);
    await parts.delete(key);
  }

  /** As `write` throws. */
  async function toOrigin(call: Call, write: Write, held: HeldWrite | undefined): Promise<void> {
    let underWay: Promise<unknown> | undefined;
    let isOver = false;
    try {
      await parts.writes.run(call.key, call.entry, ({ signal }) => {
        underWay = (async () => write({ signal }))().finally(() => {
          isOver = true;
        });
        return underWay;
      });
    } catch (error) {
      await held?.release();
      // It may have committed before it threw.
      if (underWay) await evictAll(call);
      // It was given up, and may commit yet.
      if (!isOver) underWay?.catch(() => {}).then(() => evictAll(call));
      throw error;
    }
  }

  async function writeThrough(call: Call, value: unknown, write: Write): Promise<boolean> {
    const held = await holdForWrite(parts, call, value);
    await toOrigin(call, write, held);
    const evicted = await parts.evict(call.entry.tags);
    const isStored = (await held?.storeAfter(evicted)) ?? false;
    if (!isStored) await parts.delete(call.key);
    return isStored;
  }

  return {
    async run(call, value, write) {
      const writing = writeThrough(call, value, write);
      const settled = writing.catch(() => {}).finally(() => running.delete(settled));
      running.add(settled);
      return writing;
    },
    async close() {
      parts.writes.close();
      await Promise.all(running);
    },
  };
}
