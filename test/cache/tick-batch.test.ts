import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createTickBatch, createTickCalls } from "../../src/cache/tick-batch.js";

function createBatches() {
  const batches: number[][] = [];
  return { batches, add: createTickBatch<number>((items) => batches.push(items)) };
}

test("what is asked for in one tick is handed over at once, in its order", async () => {
  const { batches, add } = createBatches();
  add(1);
  add(2);
  expect(batches).toEqual([]);
  await setImmediate();
  expect(batches).toEqual([[1, 2]]);
});

test("what promise jobs of the tick ask for belongs to it, however deep their chain", async () => {
  const { batches, add } = createBatches();
  add(1);
  let chain = Promise.resolve();
  for (let depth = 2; depth <= 50; depth += 1) chain = chain.then(() => add(depth));
  await setImmediate();
  expect(batches).toEqual([Array.from({ length: 50 }, (_, index) => index + 1)]);
});

test("promise jobs that a callback of the event loop began belong to its tick as well", async () => {
  const { batches, add } = createBatches();
  await setImmediate();
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      add(1);
      Promise.resolve()
        .then(() => add(2))
        .then(() => add(3));
      resolve();
    });
  });
  await setImmediate();
  expect(batches).toEqual([[1, 2, 3]]);
});

test("the next tick has a batch of its own", async () => {
  const { batches, add } = createBatches();
  add(1);
  await setImmediate();
  add(2);
  await setImmediate();
  expect(batches).toEqual([[1], [2]]);
});

test("what is asked for while a batch is handed over goes into the next one", async () => {
  const batches: number[][] = [];
  const add = createTickBatch<number>((items) => {
    batches.push(items);
    if (batches.length === 1) add(2);
  });
  add(1);
  await setImmediate();
  await setImmediate();
  expect(batches).toEqual([[1], [2]]);
});

test("the calls of one tick are answered together, and what fails fails all that were not answered", async () => {
  const batches: number[][] = [];
  const call = createTickCalls<number, string>(async (calls) => {
    batches.push(calls.map(({ asked }) => asked));
    calls[0]?.resolve("answered");
    throw new Error("The batch must succeed, but failed.");
  });
  const [first, ...others] = await Promise.allSettled([call(1), call(2), call(3)]);
  expect(batches).toEqual([[1, 2, 3]]);
  expect(first).toEqual({ status: "fulfilled", value: "answered" });
  for (const other of others) {
    expect(other).toMatchObject({ reason: new Error("The batch must succeed, but failed.") });
  }
});
