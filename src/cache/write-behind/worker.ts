import { StoreError } from "../errors.js";
import type { Outage } from "../outage.js";
import type { Flush } from "./flush.js";
import type { Inbox, Work } from "./inbox.js";
import type { WriteQueue } from "./queue.js";
import type { WriteBehindSettings } from "./settings.js";

/** Takes writes from a queue and flushes them, one batch after another, as long as the process lives. */
export interface Worker {
  /** A write was put: a batch may begin once others had the time to join it. */
  nudge(): void;
  /** All that waits is tried now. */
  hurry(): void;
  /** Resolves when the batch under way is done; no other begins. */
  close(): Promise<void>;
}

export interface WorkerParts {
  readonly queue: WriteQueue;
  readonly inbox: Inbox;
  readonly flush: Flush;
  readonly outage: Outage;
  readonly behind: WriteBehindSettings;
  /** Whoever was not heard of for so long has died, and its writes are another's. */
  readonly leaseMs: number;
}

const AFTER_FAILURE_MS = 200;
/** Batches that may be in hand, those that wait for their next attempt among them. */
const BATCHES_IN_HAND = 10;

export function createWorker(parts: WorkerParts): Worker {
  const { queue, inbox, flush, outage, behind, leaseMs } = parts;
  // For writes that other processes put, and then left behind: each sees to its own as long as it lives.
  const pollMs = leaseMs / 2;
  let isClosing = false;
  let underWay: readonly Work[] = [];
  let keptAtMs = performance.now();
  let adoptAtMs = 0;
  let wakeAtMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let wake = () => {};

  const heart = setInterval(async () => {
    const askedAtMs = performance.now();
    const kept = [
      // What waits is told with the attempts that were made: who takes it over counts its own.
      ...[...inbox.all()].flatMap((work) => toKeep(work, Math.max(1, work.newest.attempt - 1))),
      ...underWay.flatMap((work) => toKeep(work, work.newest.attempt)),
    ];
    if (kept.length > 0) {
      // Others may have them by now, who are not to lose them again: the next turn forgets them.
      if (outage.isOn || askedAtMs - keptAtMs >= leaseMs) return;
      const isKept = await queue.keep(kept).then(
        () => true,
        () => false,
      );
      if (!isKept) return;
    }
    keptAtMs = askedAtMs;
  }, leaseMs / 3);
  heart.unref();
  const ended = run();

  async function run(): Promise<void> {
    while (!isClosing) {
      // What is put from here on may not be seen by this turn any more.
      wakeAtMs = Number.POSITIVE_INFINITY;
      try {
        if (!outage.isOn && (await work())) continue;
        const dueAtMs = Math.min(performance.now() + pollMs, inbox.nextDueAtMs());
        // Whether the outage is over is no question to the store.
        wakeAtMs = Math.min(wakeAtMs, outage.isOn ? performance.now() + AFTER_FAILURE_MS : dueAtMs);
      } catch (error) {
        outage.notice(error);
        wakeAtMs = performance.now() + AFTER_FAILURE_MS;
      }
      await sleep();
    }
  }

  /** True when there is more to do at once. What was put meanwhile waits for others to join it. */
  async function work(): Promise<boolean> {
    const now = performance.now();
    // This process may have been stopped, or cut off, for so long that others have taken them by now.
    if (queue.isShared && now - keptAtMs >= leaseMs) {
      inbox.clear();
      keptAtMs = now;
    }
    const hasRoom = inbox.size < behind.batchSize * BATCHES_IN_HAND;
    let mayAdoptMore = false;
    if (hasRoom && now >= adoptAtMs) {
      const adopted = await queue.adopt(leaseMs, behind.batchSize);
      mayAdoptMore = adopted.length >= behind.batchSize;
      if (!mayAdoptMore) adoptAtMs = now + pollMs;
      for (const one of adopted) inbox.add(one);
    }
    const received = hasRoom ? await queue.receive(behind.batchSize) : [];
    for (const one of received) inbox.add(one);
    underWay = inbox.take(performance.now(), behind.batchSize);
    if (underWay.length === 0) return false;
    try {
      const again = underWay.map(({ newest }) => newest).filter(({ attempt }) => attempt > 1);
      // Counted before it is tried: it may be what this process dies of.
      if (again.length > 0) await queue.keep(again);
      await flush(underWay);
    } catch (error) {
      if (error instanceof StoreError) await uncount(underWay);
      throw error;
    } finally {
      underWay = [];
    }
    return (
      mayAdoptMore ||
      received.length === behind.batchSize ||
      inbox.nextDueAtMs() <= performance.now()
    );
  }

  /** The store failed, not the write: that is no attempt, and whoever takes them up makes this one. */
  async function uncount(works: readonly Work[]): Promise<void> {
    // Others may have them by now.
    if (performance.now() - keptAtMs >= leaseMs) return;
    const kept = works.flatMap((work) => toKeep(work, work.newest.attempt - 1));
    await queue.keep(kept).catch(() => {});
  }

  async function sleep(): Promise<void> {
    if (isClosing) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
      setTimer();
    });
    clearTimeout(timer);
  }

  function setTimer(): void {
    clearTimeout(timer);
    timer = setTimeout(() => wake(), Math.max(0, Math.ceil(wakeAtMs - performance.now())));
    timer.unref();
  }

  function wakeAt(atMs: number): void {
    if (atMs >= wakeAtMs) return;
    wakeAtMs = atMs;
    setTimer();
  }

  return {
    nudge: () => wakeAt(performance.now() + behind.delayMs),
    hurry() {
      inbox.hurry();
      wakeAt(performance.now());
    },
    async close() {
      isClosing = true;
      wake();
      await ended;
      clearInterval(heart);
    },
  };
}

function toKeep({ newest, olderIds }: Work, attempt: number) {
  return [{ id: newest.id, attempt }, ...olderIds.map((id) => ({ id, attempt: 1 }))];
}
