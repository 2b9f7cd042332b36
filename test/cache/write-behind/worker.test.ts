import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { StoreError } from "../../../src/cache/errors.js";
import type { Outage } from "../../../src/cache/outage.js";
import { createInbox } from "../../../src/cache/write-behind/inbox.js";
import type { Delivery, WriteQueue } from "../../../src/cache/write-behind/queue.js";
import { createWorker } from "../../../src/cache/write-behind/worker.js";
import { skippingClock } from "../../support/skipping-clock.js";

const LEASE_MS = 60;
const entry = {
  ttlMs: 60_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  nullTtlMs: 0,
  tags: [],
  coordinate: undefined,
};
const delivery = (id: number): Delivery => ({
  id: `${id}-0`,
  sequence: id,
  attempt: 1,
  write: { key: `key ${id}`, entry, format: 1, value: new Uint8Array() },
});

const behind = {
  batchSize: 1,
  delayMs: 0,
  maxAttempts: 15,
  retryMs: 1,
  maxRetryMs: 1,
  maxPending: 10,
};

/** A worker with one write in hand, which failed once and is due in an hour. */
async function startWorker(isShared = true) {
  const clock = skippingClock();
  const inbox = createInbox();
  const kept: Array<Pick<Delivery, "id" | "attempt">> = [];
  const outage = { isOn: false, notice() {} };
  let given = false;
  const queue: Partial<WriteQueue> = {
    isShared,
    adopt: async () => [],
    async receive() {
      const first = given ? [] : [delivery(1)];
      given = true;
      return first;
    },
    async keep(deliveries) {
      kept.push(...deliveries);
    },
  };
  const worker = createWorker({
    queue: queue as WriteQueue,
    inbox,
    outage: outage as unknown as Outage,
    leaseMs: LEASE_MS,
    behind,
    async flush(works) {
      for (const work of works) {
        const newest = { ...work.newest, attempt: work.newest.attempt + 1 };
        inbox.putBack({ ...work, newest, dueAtMs: performance.now() + 3_600_000 });
      }
    },
  });
  onTestFinished(() => worker.close());
  await expect.poll(() => inbox.size).toBe(1);
  return { clock, inbox, kept, outage };
}

describe("What a worker has in hand", () => {
  it("is told to be there with the attempts that were made, so that whoever adopts it makes the next", async () => {
    const { kept } = await startWorker();
    await expect.poll(() => kept.length).toBeGreaterThan(0);
    expect(kept[0]).toEqual({ id: "1-0", attempt: 1 });
  });

  it("is forgotten, and not claimed back, where the process was stopped for a lease", async () => {
    const { clock, inbox, kept } = await startWorker();
    clock.skip(LEASE_MS);
    kept.length = 0;
    await expect.poll(() => inbox.size).toBe(0);
    expect(kept).toEqual([]);
  });

  it("is forgotten where the process was cut off for a lease", async () => {
    const { inbox, outage } = await startWorker();
    outage.isOn = true;
    await pause(2 * LEASE_MS);
    outage.isOn = false;
    await expect.poll(() => inbox.size).toBe(0);
  });

  it("stays where nobody else could have taken it", async () => {
    const { clock, inbox } = await startWorker(false);
    clock.skip(LEASE_MS);
    await pause(2 * LEASE_MS);
    expect(inbox.size).toBe(1);
  });
});

it("A worker adopts what was left behind batch after batch, and does not wait for its next look", async () => {
  const left = [delivery(1), delivery(2), delivery(3)];
  const flushed: string[] = [];
  const queue: Partial<WriteQueue> = {
    isShared: true,
    adopt: async (_idleMs, count) => left.splice(0, count),
    receive: async () => [],
    keep: async () => {},
  };
  const worker = createWorker({
    queue: queue as WriteQueue,
    inbox: createInbox(),
    outage: { isOn: false, notice() {} } as unknown as Outage,
    leaseMs: 60_000,
    behind,
    flush: async (works) => void flushed.push(...works.map(({ newest }) => newest.id)),
  });
  onTestFinished(() => worker.close());
  await expect.poll(() => flushed).toEqual(["1-0", "2-0", "3-0"]);
});

it("A worker whose store fails in the midst of a batch does not count that as an attempt", async () => {
  const kept: Array<Pick<Delivery, "id" | "attempt">> = [];
  const left = [{ ...delivery(1), attempt: 3 }, delivery(2)];
  const queue: Partial<WriteQueue> = {
    isShared: true,
    adopt: async () => [],
    receive: async () => left.splice(0),
    keep: async (deliveries) => void kept.push(...deliveries),
  };
  const worker = createWorker({
    queue: queue as WriteQueue,
    inbox: createInbox(),
    outage: { isOn: false, notice() {} } as unknown as Outage,
    leaseMs: 60_000,
    behind: { ...behind, batchSize: 2 },
    async flush() {
      kept.length = 0;
      throw new StoreError("The store fails.");
    },
  });
  onTestFinished(() => worker.close());
  await expect
    .poll(() => kept)
    .toEqual([
      { id: "1-0", attempt: 2 },
      { id: "2-0", attempt: 0 },
    ]);
});
