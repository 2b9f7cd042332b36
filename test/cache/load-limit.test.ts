import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LoadQueueTimeoutError } from "../../src/cache/errors.js";
import { createLoadLimit, type LoadLimit } from "../../src/cache/load-limit.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const promiseJobs = () => vi.advanceTimersByTimeAsync(0);

/** Enters, and notes the name when let in or refused. */
function entering(limit: LoadLimit, group: object, name: string, admitted: string[]): void {
  const admission = limit.enter(group);
  if (!admission) admitted.push(name);
  else admission.then(() => admitted.push(name)).catch(() => admitted.push(`${name} refused`));
}

describe("where there is room", () => {
  test("a load begins at once, without a promise", () => {
    const limit = createLoadLimit(2, 1_000);
    expect(limit.enter({})).toBeUndefined();
    expect(limit.enter({})).toBeUndefined();
    expect(limit.enter({})).toBeInstanceOf(Promise);
  });

  test("a group's loads take one place together", () => {
    const limit = createLoadLimit(1, 1_000);
    const operation = {};
    for (let load = 0; load < 50; load += 1) expect(limit.enter(operation)).toBeUndefined();
    expect(limit.enter({})).toBeInstanceOf(Promise);
  });

  test("a group keeps its place until its last load has left", async () => {
    const limit = createLoadLimit(1, 1_000);
    const operation = {};
    const admitted: string[] = [];
    limit.enter(operation);
    limit.enter(operation);
    entering(limit, {}, "other", admitted);
    limit.leave(operation);
    await promiseJobs();
    expect(admitted).toEqual([]);
    limit.leave(operation);
    await promiseJobs();
    expect(admitted).toEqual(["other"]);
  });

  test("leaving without having entered frees nothing", () => {
    const limit = createLoadLimit(1, 1_000);
    limit.enter({});
    limit.leave({});
    expect(limit.enter({})).toBeInstanceOf(Promise);
  });
});

describe("where all places are taken", () => {
  test("whoever came first is served first", async () => {
    const limit = createLoadLimit(1, 1_000);
    const [running, first, second] = [{}, {}, {}];
    const admitted: string[] = [];
    limit.enter(running);
    entering(limit, first, "first", admitted);
    entering(limit, second, "second", admitted);
    limit.leave(running);
    await promiseJobs();
    expect(admitted).toEqual(["first"]);
    limit.leave(first);
    await promiseJobs();
    expect(admitted).toEqual(["first", "second"]);
  });

  test("the loads of one group are let in together, at the place of their first", async () => {
    const limit = createLoadLimit(1, 1_000);
    const [running, operation, other] = [{}, {}, {}];
    const admitted: string[] = [];
    limit.enter(running);
    entering(limit, operation, "a", admitted);
    entering(limit, other, "other", admitted);
    entering(limit, operation, "b", admitted);
    limit.leave(running);
    await promiseJobs();
    expect(admitted).toEqual(["a", "b"]);
    limit.leave(operation);
    limit.leave(operation);
    await promiseJobs();
    expect(admitted).toEqual(["a", "b", "other"]);
  });

  test("whoever waited in vain is told so, in words", async () => {
    const limit = createLoadLimit(3, 250);
    for (let place = 0; place < 3; place += 1) limit.enter({});
    const refused = expect(limit.enter({})).rejects.toThrow(
      expect.objectContaining({
        constructor: LoadQueueTimeoutError,
        code: "E_LOAD_QUEUE_TIMEOUT",
        message: "A load must find room among 3 concurrent loads within 250 ms, but all were busy.",
      }),
    );
    await vi.advanceTimersByTimeAsync(250);
    await refused;
  });

  test("whoever gave up keeps nobody behind him from his place", async () => {
    const limit = createLoadLimit(1, 250);
    const running = {};
    const admitted: string[] = [];
    limit.enter(running);
    entering(limit, {}, "early", admitted);
    await vi.advanceTimersByTimeAsync(200);
    entering(limit, {}, "late", admitted);
    await vi.advanceTimersByTimeAsync(50);
    expect(admitted).toEqual(["early refused"]);
    limit.leave(running);
    await promiseJobs();
    expect(admitted).toEqual(["early refused", "late"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("whatever happens in whatever order", () => {
  const groupCount = 6;
  const anyStep = fc.oneof(
    { weight: 5, arbitrary: fc.record({ enter: fc.nat(groupCount - 1) }) },
    { weight: 4, arbitrary: fc.record({ leave: fc.nat(groupCount - 1) }) },
    { weight: 1, arbitrary: fc.record({ passMs: fc.constantFrom(1, 40, 100) }) },
  );

  test("the bound holds, a place is never idle while somebody waits, and nothing leaks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(anyStep, { maxLength: 60 }),
        async (places, steps) => {
          const limit = createLoadLimit(places, 100);
          const groups = Array.from({ length: groupCount }, () => ({ running: 0, waiting: 0 }));
          const withRunning = () => groups.filter(({ running }) => running > 0).length;
          const withWaiting = () => groups.filter(({ waiting }) => waiting > 0).length;

          for (const step of steps) {
            if ("enter" in step) enter(groups[step.enter]!);
            else if ("leave" in step) leave(groups[step.leave]!);
            else await vi.advanceTimersByTimeAsync(step.passMs);
            await promiseJobs();
            expect(withRunning()).toBeLessThanOrEqual(places);
            if (withWaiting() > 0) expect(withRunning()).toBe(places);
          }

          for (let turn = 0; withRunning() > 0; turn += 1) {
            expect(turn).toBeLessThan(1_000);
            for (const group of groups) leave(group);
            await promiseJobs();
          }
          expect(withWaiting()).toBe(0);
          expect(vi.getTimerCount()).toBe(0);
          for (let place = 0; place < places; place += 1) expect(limit.enter({})).toBeUndefined();

          function enter(group: { running: number; waiting: number }): void {
            const admission = limit.enter(group);
            if (!admission) {
              group.running += 1;
              return;
            }
            group.waiting += 1;
            admission
              .then(() => {
                group.running += 1;
              })
              .catch(() => {})
              .finally(() => {
                group.waiting -= 1;
              });
          }

          function leave(group: { running: number }): void {
            if (group.running === 0) return;
            group.running -= 1;
            limit.leave(group);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
