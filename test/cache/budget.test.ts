import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createBudget } from "../../src/cache/budget.js";
import { createDeferred } from "../../src/cache/deferred.js";
import { StoreSlowError, StoreUnavailableError } from "../../src/cache/errors.js";

let failures: unknown[];
beforeEach(() => {
  vi.useFakeTimers();
  failures = [];
});
afterEach(() => vi.useRealTimers());

const open = (limitMs = 100) => createBudget(limitMs, (error) => failures.push(error));
const late = <T>(ms: number, value: T) =>
  new Promise<T>((resolve) => {
    setTimeout(resolve, ms, value);
  });

/** Lets the clock and the immediates of a step run. */
async function settled<T>(step: Promise<T>): Promise<T | Error> {
  const outcome = step.catch((error: Error) => error);
  await vi.runAllTimersAsync();
  return outcome;
}

describe("the budget of a fill", () => {
  test("is shared by its steps, and what lies between them does not count", async () => {
    const budget = open();
    expect(await settled(budget.spend(late(60, "lease")))).toBe("lease");
    await vi.advanceTimersByTimeAsync(5000);
    expect(await settled(budget.spend(late(60, "commit")))).toBeInstanceOf(StoreSlowError);
  });

  test("hands on what a step gives, and what it throws, as they are", async () => {
    const budget = open();
    expect(await budget.spend(Promise.resolve(7))).toBe(7);
    const error = new StoreUnavailableError("gone");
    await expect(budget.spend(Promise.reject(error))).rejects.toBe(error);
    expect(failures).toEqual([]);
  });

  test("is told of nothing but the failures that nobody waits for", async () => {
    const [budget, step] = [open(), createDeferred()];
    expect(await settled(budget.spend(step.promise))).toBeInstanceOf(StoreSlowError);
    const error = new StoreUnavailableError("gone");
    step.reject(error);
    await vi.runAllTimersAsync();
    expect(failures).toEqual([error]);
  });
});
