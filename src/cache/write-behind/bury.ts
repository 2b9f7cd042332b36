import { type FinishParts, undelivered, unpin } from "./finish.js";
import type { Work } from "./inbox.js";

/** A write that did not reach the origin. */
export interface Failed {
  readonly work: Work;
  readonly error: unknown;
  /** It is not tried again. */
  readonly isFinal: boolean;
  /** How many keys it may share its next batch with. */
  readonly together: number;
}

/**
 * Puts writes aside that were given up. Readers have the origin's value again first: a process that died in between
 * would otherwise leave a pin that nothing ever takes away, or what was stored from it. Those for which that cannot be
 * done now are taken up again.
 */
export async function buryAll(parts: FinishParts, failed: readonly Failed[]): Promise<void> {
  const { name, queue, reporter } = parts;
  let isWhole = true;
  for (const { work, error } of failed) {
    const { newest, olderIds } = work;
    const { key } = newest.write;
    if (!(await giveBack(parts, work))) {
      isWhole = false;
      continue;
    }
    if (olderIds.length > 0) await queue.settle(olderIds);
    if (!(await queue.bury(newest, asText(error)))) continue;
    const { sequence, attempt: attempts } = newest;
    reporter.report({ type: "deadLetter", queue: name, key, sequence, attempts, error });
  }
  if (!isWhole) throw undelivered(name);
}

/** Writes that end with their queue: readers have the origin's value again. */
export async function forgetAll(parts: FinishParts, works: readonly Work[]): Promise<void> {
  for (const work of works) {
    await giveBack(parts, work);
    await parts.queue.settle([work.newest.id, ...work.olderIds]);
  }
}

/** False where an eviction could not be delivered. */
async function giveBack(parts: FinishParts, work: Work): Promise<boolean> {
  const { key, entry } = work.newest.write;
  if ((await unpin(parts, work)) === "newer") return true;
  const evicted = await parts.evict(entry.tags);
  const deleted = await parts.delete(key);
  return evicted !== undefined && deleted !== undefined;
}

const MAX_REASON_CHARACTERS = 1000;

function asText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, MAX_REASON_CHARACTERS);
}
