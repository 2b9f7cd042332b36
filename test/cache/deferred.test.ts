import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cameBy, cameWithin, createDeferred } from "../../src/cache/deferred.js";

test("a deferred promise settles as its holder says, once", async () => {
  const kept = createDeferred<number>();
  kept.resolve(1);
  kept.resolve(2);
  await expect(kept.promise).resolves.toBe(1);

  const broken = createDeferred<number>();
  broken.reject("no");
  broken.resolve(1);
  await expect(broken.promise).rejects.toBe("no");
});

describe("cameWithin", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is true when the promise came first, and leaves no timer behind", async () => {
    const deferred = createDeferred();
    const came = cameWithin(deferred.promise, 50);
    await vi.advanceTimersByTimeAsync(49);
    deferred.resolve();
    expect(await came).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is false when the time came first", async () => {
    const came = cameWithin(createDeferred().promise, 50);
    await vi.advanceTimersByTimeAsync(50);
    expect(await came).toBe(false);
  });

  test.each([0, -1])("is false at once where no time is left (%d ms)", async (ms) => {
    expect(await cameWithin(Promise.resolve(), ms)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("rejects as the promise does, and leaves no timer behind", async () => {
    await expect(cameWithin(Promise.reject(new Error("no")), 50)).rejects.toThrow("no");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("cameBy", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("has one timer for all who wait for one promise up to one millisecond", async () => {
    const deferred = createDeferred();
    const due = performance.now() + 50;
    const crowd = [0, -0.2, -0.9].map((early) => cameBy(deferred.promise, due + early));
    expect(vi.getTimerCount()).toBe(1);
    const patient = cameBy(deferred.promise, due + 50);
    expect(vi.getTimerCount()).toBe(2);
    await vi.advanceTimersByTimeAsync(50);
    expect(await Promise.all(crowd)).toEqual([false, false, false]);
    deferred.resolve();
    expect(await patient).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("waits anew where a timer was early", async () => {
    const deferred = createDeferred();
    const due = performance.now() + 50;
    const hasty = cameBy(deferred.promise, due);
    vi.spyOn(performance, "now").mockReturnValue(due - 1);
    await vi.advanceTimersByTimeAsync(50);
    expect(await hasty).toBe(false);
    const patient = cameBy(deferred.promise, due);
    deferred.resolve();
    expect(await patient).toBe(true);
    vi.restoreAllMocks();
  });

  test("is true for whoever asks once it came", async () => {
    const deferred = createDeferred();
    const due = performance.now() + 50;
    deferred.resolve();
    expect(await cameBy(deferred.promise, due)).toBe(true);
    expect(await cameBy(deferred.promise, due)).toBe(true);
  });
});
