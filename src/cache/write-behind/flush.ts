import { StoreError } from "../errors.js";
import type { WriteParts } from "../held-write.js";
import type { LoadRunner } from "../load.js";
import type { Snapshot } from "../store.js";
import { buryAll, type Failed } from "./bury.js";
import { type FinishParts, finish, type Order } from "./finish.js";
import type { Inbox, Work } from "./inbox.js";
import { pendingOf } from "./pending-pin.js";
import type { Delivery } from "./queue.js";
import { readResults } from "./results.js";
import { backoffMs, type WriteBehindSettings } from "./settings.js";
import type { WriteBehindOptions } from "./types.js";

export interface FlushParts extends WriteParts, FinishParts {
  readonly inbox: Inbox;
  readonly writes: LoadRunner;
  readonly write: WriteBehindOptions<unknown>["write"];
  readonly behind: WriteBehindSettings;
}

export type Flush = (works: readonly Work[]) => Promise<void>;

/**
 * Brings a batch to the origin. What fails there comes back into the inbox, or is buried. Rejects when the store fails:
 * then some may not be settled, and are handed out again once nobody keeps them any more.
 */
export function createFlush(parts: FlushParts): Flush {
  const { name, queue, inbox, store, behind, reporter } = parts;

  return async (works) => {
    const { current, unknown } = await withoutOutdated(works);
    const { orders, failed } = read(current);
    if (orders.length > 0) {
      // One that deletes what it could not store would look as if another had deleted it since.
      await Promise.all(orders.map(({ call }) => parts.puts.ended(call.key)));
      // What is evicted from here on may stand for a later write than these.
      const tags = new Set(orders.flatMap(({ call }) => call.entry.tags));
      failed.push(...(await write(orders, await store.snapshot([...tags]))));
    }
    await buryAll(
      parts,
      failed.filter(({ isFinal }) => isFinal),
    );
    for (const failure of failed) if (!failure.isFinal) tryAgain(failure);
    if (unknown) throw unknown.reason;
  };

  /**
   * A newer write of the key is pending, maybe in another process's hands, and will be written instead. What nobody can
   * tell that of, since of a cluster the node of its pin is lost, could not be unpinned either: it waits for its turn.
   */
  async function withoutOutdated(works: readonly Work[]) {
    const asked = await Promise.allSettled(works.map(isOutdated));
    const told = (answer: boolean) =>
      works.filter((_, index) => {
        const one = asked[index];
        return one?.status === "fulfilled" && one.value === answer;
      });
    const ids = told(true).flatMap(({ newest, olderIds }) => [newest.id, ...olderIds]);
    if (ids.length > 0) await queue.settle(ids);
    return { current: told(false), unknown: asked.find((one) => one.status === "rejected") };
  }

  async function isOutdated({ newest: { sequence, write } }: Work): Promise<boolean> {
    const pin = await store.pins.pinned(write.key);
    if (pin?.queue !== name || pin.sequence <= sequence) return false;
    return (await pendingOf(store, write.key, pin)) !== "left";
  }

  /** What can be written; apart from it, what cannot be read, and what all its holders died over. */
  function read(works: readonly Work[]): { orders: Order[]; failed: Failed[] } {
    const [orders, failed]: [Order[], Failed[]] = [[], []];
    for (const work of works) {
      const { key, entry, format, value: bytes } = work.newest.write;
      try {
        if (work.newest.attempt > behind.maxAttempts) throw abandoned(name, work.newest);
        const value = parts.codec.decode({ format, bytes });
        const settings = { ...UNTAGGED, ...entry };
        const call = { key, entry: settings, load: () => value, isPending: true };
        orders.push({ work, call, value });
      } catch (error) {
        failed.push({ work, error, isFinal: true, together: 1 });
      }
    }
    return { orders, failed };
  }

  async function write(orders: readonly Order[], before: Snapshot): Promise<Failed[]> {
    const startedAt = performance.now();
    const { errors, isWhole } = await run(orders);
    const written = orders.filter((order) => !errors.has(order));
    if (written.length > 0) {
      const keys = written.map(({ call }) => call.key);
      const seconds = (performance.now() - startedAt) / 1000;
      reporter.report({ type: "written", queue: name, keys, seconds });
      await finish(parts, written, before, startedAt);
    }
    const together = isWhole ? togetherNext(orders) : Number.POSITIVE_INFINITY;
    return [...errors].map(([{ work }, error]) => {
      const isFinal = work.newest.attempt >= behind.maxAttempts;
      return { work, error, isFinal, together };
    });
  }

  /** Halves, or less where so few attempts are left that halves would not come to one by the last. */
  function togetherNext(orders: readonly Order[]): number {
    const most = Math.max(...orders.map(({ work }) => work.newest.attempt));
    const attemptsLeft = Math.max(1, behind.maxAttempts - most);
    return Math.ceil(orders.length / Math.max(2, Math.ceil(orders.length ** (1 / attemptsLeft))));
  }

  /** What failed, and whether that was all of it at once. */
  async function run(orders: readonly Order[]) {
    const batch = orders.map(({ call, value, work: { newest } }) => ({
      key: call.key,
      value,
      sequence: newest.sequence,
      attempt: newest.attempt,
    }));
    let underWay: Promise<unknown> | undefined;
    let isOver = false;
    try {
      const { value } = await parts.writes.run(name, UNTAGGED, ({ signal }) => {
        underWay = (async () => parts.write(batch, { signal }))().finally(() => {
          isOver = true;
        });
        return underWay;
      });
      return { errors: readResults(value, orders), isWhole: false };
    } catch (error) {
      // It was given up, and may commit yet: by then all attempts may be over, and readers have what it changes.
      if (!isOver) underWay?.catch(() => {}).then(() => evictAll(orders));
      return { errors: new Map(orders.map((order) => [order, error])), isWhole: true };
    }
  }

  async function evictAll(orders: readonly Order[]): Promise<void> {
    await parts.evict([...new Set(orders.flatMap(({ call }) => call.entry.tags))]);
    await Promise.all(orders.map(({ call }) => parts.delete(call.key)));
  }

  function tryAgain({ work, error, together }: Failed): void {
    const { newest } = work;
    const waitMs = backoffMs(behind, newest.attempt);
    const [key, attempt, retrySeconds] = [newest.write.key, newest.attempt, waitMs / 1000];
    reporter.report({ type: "writeFailed", queue: name, key, attempt, retrySeconds, error });
    const next = { ...newest, attempt: attempt + 1 };
    inbox.putBack({ ...work, newest: next, dueAtMs: performance.now() + waitMs, together });
  }
}

function abandoned(name: string, { attempt, write: { key } }: Delivery): StoreError {
  const times = attempt - 1;
  return new StoreError(
    `A write of the queue "${name}" must be written, failed or not, but ${times} processes ended in the middle of it.`,
    { key },
  );
}

/** A batch is one load to the origin's limit, whatever its entries are. */
const UNTAGGED = {
  ttlMs: 0,
  near: true,
  tags: [],
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  nullTtlMs: 0,
  since: undefined,
  refresh: undefined,
  loadGroup: undefined,
  coordinate: undefined,
};
