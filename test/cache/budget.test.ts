import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createBudget } from "../../src/cache/budget.js";
import { createDeferred } from "../../src/cache/deferred.js";
import { StoreSlowError, StoreUnavailableError } from "../../src/cache/errors.js";
import type { OnSend } from "../../src/cache/store.js";

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

const inBatchOf =
  <T>(limitMs: number, step: Promise<T>) =>
  (onSend: OnSend) => {
    onSend(limitMs);
    return step;
  };

/** Lets the clock and the immediates of a step run. */
async function settled<T>(step: Promise<T>): Promise<T | Error> {
  const outcome = step.catch((error: Error) => error);
  await vi.runAllTimersAsync();
  return outcome;
}

describe("the budget of a fill", () => {
  test("leaves the lease to its own time limit, and the other steps what that did not take", async () => {
    const budget = open();
    expect(await settled(budget.spend(() => late(40, "lease")))).toBe("lease");
    // The load between them does not count.
    await vi.advanceTimersByTimeAsync(5000);
    expect(await settled(budget.spend(() => late(30, "snapshot")))).toBe("snapshot");
    expect(await settled(budget.spend(() => late(40, "commit")))).toBeInstanceOf(StoreSlowError);
  });

  test("has a half left for what follows the load, however long the lease took", async () => {
    const budget = open();
    expect(await settled(budget.spend(() => late(500, "lease of many")))).toBe("lease of many");
    expect(await settled(budget.spend(() => late(40, "commit")))).toBe("commit");
    expect(await settled(budget.spend(() => late(40, "release")))).toBeInstanceOf(StoreSlowError);
  });

  test("has besides what the batch of a step has beyond one limit, as told when it is sent, and no more", async () => {
    const budget = open();
    await settled(budget.spend(() => late(80, "lease")));
    const commit = budget.spend((onSend) => {
      setTimeout(onSend, 10, 400);
      return late(340, "commit");
    });
    expect(await settled(commit)).toBe("commit");

    const hanging = open();
    await settled(hanging.spend(() => late(80, "lease")));
    const hung = hanging.spend(inBatchOf(400, late(360, "commit")));
    expect(await settled(hung)).toBeInstanceOf(StoreSlowError);
  });

  test("charges no step for what the batch of another had beyond one limit", async () => {
    const budget = open();
    await settled(budget.spend(() => late(20, "lease")));
    const snapshot = budget.spend(inBatchOf(400, late(350, "snapshot")));
    expect(await settled(snapshot)).toBe("snapshot");
    expect(await settled(budget.spend(() => late(20, "commit")))).toBe("commit");
    expect(await settled(budget.spend(() => late(20, "release")))).toBeInstanceOf(StoreSlowError);
  });

  test("hands on what a step gives, and what it throws, as they are", async () => {
    const budget = open();
    expect(await budget.spend(() => Promise.resolve(7))).toBe(7);
    const error = new StoreUnavailableError("gone");
    await expect(budget.spend(() => Promise.reject(error))).rejects.toBe(error);
    expect(failures).toEqual([]);
  });

  test("tells of those failures that nobody waits for any more, and of no others", async () => {
    const [budget, step] = [open(), createDeferred()];
    await budget.spend(() => Promise.resolve("lease"));
    expect(await settled(budget.spend(() => step.promise))).toBeInstanceOf(StoreSlowError);
    expect(failures).toEqual([]);
    const error = new StoreUnavailableError("gone");
    step.reject(error);
    await vi.runAllTimersAsync();
    expect(failures).toEqual([error]);
  });
});
