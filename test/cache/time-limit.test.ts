import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createDeferred } from "../../src/cache/deferred.js";
import { withinLimit } from "../../src/cache/time-limit.js";

const LIMIT_MS = 100;
const late = () => new Error("late");

describe("a time limit", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  function start() {
    const answer = createDeferred<string>();
    let outcome: unknown;
    const moreMs = vi.fn(() => 0);
    withinLimit(answer.promise, LIMIT_MS, late, moreMs).then(
      (value) => (outcome = value),
      (error) => (outcome = error),
    );
    return { answer, outcome: () => outcome, moreMs };
  }

  /** The next timer finds the clock so far ahead, as after a pause of the process. */
  function pause(ms: number): void {
    vi.spyOn(performance, "now").mockReturnValueOnce(performance.now() + ms);
  }

  test("gives what comes in time, and leaves no timer behind", async () => {
    const { answer, outcome } = start();
    await vi.advanceTimersByTimeAsync(LIMIT_MS - 1);
    answer.resolve("answer");
    await vi.advanceTimersByTimeAsync(0);
    expect(outcome()).toBe("answer");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is past when it has passed", async () => {
    const { outcome } = start();
    await vi.advanceTimersByTimeAsync(LIMIT_MS - 1);
    expect(outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2);
    expect(outcome()).toEqual(late());
  });

  test("begins once more after a pause of this process's own, and not a third time", async () => {
    const { answer, outcome } = start();
    pause(LIMIT_MS * 3);
    await vi.advanceTimersByTimeAsync(LIMIT_MS + 1);
    expect(outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(LIMIT_MS - 5);
    expect(outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(5);
    expect(outcome()).toEqual(late());
    answer.resolve("too late");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is longer by what is asked for at its end, and ends when nothing is", async () => {
    const { outcome, moreMs } = start();
    moreMs.mockReturnValueOnce(LIMIT_MS / 2).mockReturnValueOnce(LIMIT_MS * 1.5);
    await vi.advanceTimersByTimeAsync(3 * LIMIT_MS - 1);
    expect(outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(5);
    expect(outcome()).toEqual(late());
    expect(moreMs).toHaveBeenCalledTimes(3);
  });

  test("leaves no timer behind where the answer is read after it ran out, with more to come", async () => {
    const { answer, outcome, moreMs } = start();
    moreMs.mockReturnValue(LIMIT_MS);
    vi.advanceTimersToNextTimer();
    answer.resolve("answer");
    for (let job = 0; job < 5; job += 1) await answer.promise;
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome()).toBe("answer");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("takes an answer that comes after such a pause", async () => {
    const { answer, outcome } = start();
    pause(LIMIT_MS * 3);
    await vi.advanceTimersByTimeAsync(LIMIT_MS + 1);
    answer.resolve("answer");
    await vi.advanceTimersByTimeAsync(0);
    expect(outcome()).toBe("answer");
    expect(vi.getTimerCount()).toBe(0);
  });
});
