import type { Call } from "../call.js";
import type { HeldWrite, WriteParts } from "../held-write.js";
import type { Work } from "./inbox.js";
import type { Unpinned } from "./pins.js";
import type { WriteQueue } from "./queue.js";

export interface FinishParts extends WriteParts {
  /** The queue's name. */
  readonly name: string;
  readonly queue: WriteQueue;
}

/** One key of a batch. */
export interface Order {
  readonly work: Work;
  readonly call: Call;
  readonly value: unknown;
  readonly held: HeldWrite | undefined;
}

/**
 * What is done once the origin has the writes: unpin, evict, commit, settle. As in `writeThrough`, and:
 *
 * - Until it is unpinned, whoever loads the key is given the pending value, which the origin has by now. What was
 *   committed from a pin is evicted after it, so that no pin outlives its write as an entry.
 * - The value becomes the entry only where the pin that went was this very write's: then no newer one was put, and none
 *   has overtaken it, as it may one that is written a second time.
 * - It is settled last. A process that dies before that leaves it to another, which writes it once more.
 */
export async function finish(parts: FinishParts, written: readonly Order[]): Promise<void> {
  const unpinned = await Promise.all(written.map(({ work }) => unpin(parts, work)));
  const tags = new Set(written.flatMap(({ call }) => call.entry.tags));
  const evicted = await parts.evict([...tags]);
  await Promise.all(
    written.map(async ({ call, held }, index) => {
      const isOwn = unpinned[index] === "own";
      const isStored = isOwn && held ? await held.storeAfter(evicted) : false;
      if (!isOwn) await held?.release();
      // A newer write sees to the key itself.
      if (!isStored && unpinned[index] !== "newer") await parts.delete(call.key);
    }),
  );
  await parts.queue.settle(written.flatMap(({ work }) => [work.newest.id, ...work.olderIds]));
}

export function unpin({ store }: FinishParts, { newest }: Work): Promise<Unpinned> {
  return store.pins.unpin(newest.write.key, newest.sequence);
}
