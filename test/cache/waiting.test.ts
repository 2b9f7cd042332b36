import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createDeferred } from "../../src/cache/deferred.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import type { Reading, SeenLease, Store } from "../../src/cache/store.js";
import { Waiting } from "../../src/cache/waiting.js";
import { createWaitingRooms } from "../../src/cache/waiting-rooms.js";

let store: Store;

beforeEach(() => {
  vi.useFakeTimers();
  store = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
});

afterEach(async () => {
  await store.close();
  vi.useRealTimers();
});

const held = (remainingMs: number): SeenLease => ({
  token: "token123",
  remainingMs,
  doomed: false,
});

function createWaiter(waitMs = 5_000) {
  return { waiting: new Waiting(createWaitingRooms(store), "menu", [], waitMs) };
}

/** Stays behind a lease, and looks again. */
async function look(waiting: Waiting, lease: SeenLease): Promise<Reading> {
  waiting.stayBehind(lease);
  return (await waiting.nextLook()) as Reading;
}

/** Milliseconds until it settles, while nothing but time passes. */
async function timeOf(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  let settled = false;
  work.then(() => {
    settled = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  while (!settled) await vi.advanceTimersByTimeAsync(1);
  return performance.now() - startedAt;
}

test("a caller that never waits is never said to have begun", async () => {
  const { waiting } = createWaiter();
  expect(waiting.nextLook()).toBeUndefined();
  expect(waiting.began).toBe(false);
});

test.each<[string, (waiting: Waiting) => Promise<unknown>]>([
  ["a fill of this process", (waiting) => waiting.until(Promise.resolve())],
  ["another's lease", (waiting) => look(waiting, held(1_000))],
])("a caller has begun to wait once it waits for %s", async (_, wait) => {
  const { waiting } = createWaiter();
  await wait(waiting);
  expect(waiting.began).toBe(true);
});

test("a caller has waited long enough at its deadline, not before", async () => {
  const { waiting } = createWaiter(5_000);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(waiting.isOver()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(waiting.isOver()).toBe(true);
});

describe("waiting for a fill of this process", () => {
  test("ends with it", async () => {
    const { waiting } = createWaiter();
    const landed = createDeferred();
    const came = waiting.until(landed.promise);
    await vi.advanceTimersByTimeAsync(100);
    landed.resolve();
    expect(await came).toBe(true);
  });

  test("ends at the deadline, which all its waits share", async () => {
    const { waiting } = createWaiter(5_000);
    await vi.advanceTimersByTimeAsync(2_000);
    const came = waiting.until(createDeferred().promise);
    expect(await timeOf(came)).toBe(3_000);
    expect(await came).toBe(false);
  });
});

describe("waiting for another's lease", () => {
  test("first registers and looks again, so that no wake falls between", async () => {
    const { waiting } = createWaiter();
    expect(await timeOf(look(waiting, held(10_000)))).toBe(0);
    // What comes while the caller considers what it saw is not lost.
    await store.delete("menu");
    expect(await timeOf(look(waiting, held(10_000)))).toBe(0);
  });

  test("first looks for itself where others wait already, since it saw none of what they were told", async () => {
    const rooms = createWaitingRooms(store);
    const [other, waiting] = [1, 2].map(() => new Waiting(rooms, "menu", [], 5_000));
    await look(other as Waiting, held(10_000));
    look(other as Waiting, held(10_000));
    await vi.advanceTimersByTimeAsync(0);
    expect(await timeOf(look(waiting as Waiting, held(10_000)))).toBe(0);
  });

  test("gives one look for each time that it stayed", async () => {
    const { waiting } = createWaiter();
    await look(waiting, held(10_000));
    expect(waiting.nextLook()).toBeUndefined();
  });

  test.each([
    ["the slow poll, should the wake be lost", 10_000, 5_000, 250],
    ["the end of the lease, should its holder have died", 40, 5_000, 40],
    ["the deadline", 10_000, 100, 100],
    ["the next look, where the lease has just run out", -5, 5_000, 1],
  ])("ends with %s", async (_, remainingMs, waitMs, expectedMs) => {
    const { waiting } = createWaiter(waitMs);
    await look(waiting, held(remainingMs));
    expect(await timeOf(look(waiting, held(remainingMs)))).toBe(expectedMs);
  });
});

describe("a lease that was refused though none was seen", () => {
  test("is looked at again at once the first time, as another was quicker", async () => {
    const { waiting } = createWaiter();
    expect(await timeOf(waiting.wasRefused())).toBe(0);
    expect(waiting.began).toBe(false);
  });

  test("is believed for a while from then on, up to the deadline", async () => {
    const { waiting } = createWaiter(60);
    await waiting.wasRefused();
    expect(await timeOf(waiting.wasRefused())).toBe(25);
    expect(waiting.began).toBe(true);
    expect(await timeOf(waiting.wasRefused())).toBe(25);
    expect(await timeOf(waiting.wasRefused())).toBe(10);
    expect(waiting.isOver()).toBe(true);
  });

  test("counts anew where a lease was seen in between", async () => {
    const { waiting } = createWaiter();
    await waiting.wasRefused();
    await look(waiting, held(10_000));
    expect(await timeOf(waiting.wasRefused())).toBe(0);
  });
});

test("a caller's waiting is told once, when it begins", async () => {
  const tell = vi.fn();
  const waiting = new Waiting(createWaitingRooms(store), "menu", [], 5_000, tell);
  expect(tell).not.toHaveBeenCalled();
  await look(waiting, held(10_000));
  await waiting.until(Promise.resolve());
  expect(tell).toHaveBeenCalledOnce();
});
