import type { Call } from "../call.js";
import { StoreError } from "../errors.js";
import { holdForWrite, type WriteParts } from "../held-write.js";
import { DELETION_KEPT_MS, type Snapshot } from "../store.js";
import type { Work } from "./inbox.js";
import type { Unpinned } from "./pins.js";
import type { Puts } from "./puts.js";
import type { WriteQueue } from "./queue.js";

export interface FinishParts extends WriteParts {
  /** The queue's name. */
  readonly name: string;
  readonly queue: WriteQueue;
  readonly puts: Pick<Puts, "ended">;
}

/** The step between the snapshot and the write, and a server's clock that runs faster. */
const MARGIN_MS = 2000;

/** One key of a batch. */
export interface Order {
  readonly work: Work;
  readonly call: Call;
  readonly value: unknown;
}

/**
 * What is done once the origin has the writes: lease, unpin, evict, commit, settle. Each has its place:
 *
 * - First a newer put of this process comes to its end: the two would void each other's leases.
 * - Until it is unpinned, whoever loads the key is given the pending value, which the origin has by now. What was
 *   committed from a pin is evicted after it, so that no pin outlives its write as an entry.
 * - The value becomes the entry only where the pin that went was this very write's: then no newer one was put, and none
 *   has overtaken it, as it may one that is written a second time. A put that comes after that voids the lease, which
 *   is taken before; not during the write, though, since whoever found no valid entry would wait behind it.
 * - As in `writeThrough`, the value loses to what was evicted or deleted since `before`, when the write began.
 * - It is settled last. A process that dies before that leaves it to another, which writes it once more; so is what
 *   could not be unpinned, since of a cluster the node that it lies on is lost, and its alone.
 * - Nor is it settled where its tags, or its key, could not be evicted: this process would deliver that later, but may
 *   die before. What was carried out, and too few replicas have yet, is no reason to write it for as long as they lack.
 */
export async function finish(
  parts: FinishParts,
  written: readonly Order[],
  before: Snapshot,
  startedAtMs: number,
): Promise<void> {
  await Promise.all(written.map(({ call }) => parts.puts.ended(call.key)));
  const held = await Promise.all(
    written.map(({ call, value }) => holdForWrite(parts, call, value, before)),
  );
  // A deletion that came since would be forgotten by now.
  const isLate = performance.now() - startedAtMs > DELETION_KEPT_MS - MARGIN_MS;
  try {
    const unpinning = await Promise.allSettled(written.map(({ work }) => unpin(parts, work)));
    const unpinned = unpinning.map((one) => (one.status === "fulfilled" ? one.value : undefined));
    const tags = new Set(written.flatMap(({ call }) => call.entry.tags));
    const evicted = await parts.evict([...tags]);
    const areDone = await Promise.all(
      written.map(async ({ call: { key, entry } }, index) => {
        const isOwn = unpinned[index] === "own" && !isLate;
        const isStored = isOwn && (await held[index]?.storeAfter(evicted)) === true;
        // A newer write sees to the key itself.
        const isSeenTo = isStored || unpinned[index] === "newer" || (await parts.delete(key));
        const isEvicted = evicted || entry.tags.length === 0;
        return unpinned[index] && isSeenTo && isEvicted;
      }),
    );
    const done = written.filter((_, index) => areDone[index]);
    if (done.length > 0) {
      await parts.queue.settle(done.flatMap(({ work }) => [work.newest.id, ...work.olderIds]));
    }
    for (const one of unpinning) if (one.status === "rejected") throw one.reason;
    if (done.length < written.length) throw undelivered(parts.name);
  } finally {
    await Promise.all(held.map((one) => one?.release()));
  }
}

/** What it stands for is taken up again, and that was no attempt. */
export function undelivered(name: string): StoreError {
  return new StoreError(
    `What the writes of the queue "${name}" replace must be evicted before they are settled, but was not.`,
  );
}

export function unpin({ store }: FinishParts, { newest }: Work): Promise<Unpinned> {
  return store.pins.unpin(newest.write.key, newest.sequence);
}
