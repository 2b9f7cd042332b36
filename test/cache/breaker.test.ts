import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Breaker, createBreaker } from "../../src/cache/breaker.js";
import { createGate, type Gate } from "../support/gate.js";

let trials: number;
let isWell: boolean;
/** Where a trial is held, if it is to be. */
let held: Gate | undefined;
let told: string[];
let breaker: Breaker;

beforeEach(() => {
  vi.useFakeTimers();
  [trials, isWell, held, told] = [0, false, undefined, []];
  breaker = createBreaker({
    openMs: 200,
    async trial() {
      trials += 1;
      told.push(`trial, ${breaker.state}`);
      await held?.pass();
      if (!isWell) throw new Error("still away");
    },
    onOpen: ({ message }) => told.push(`open: ${message}`),
    onClosed: () => told.push("closed"),
  });
});
afterEach(() => {
  breaker.close();
  vi.useRealTimers();
});

test("a breaker is closed, opens with the first failure, is half-open in a trial, and closes when one succeeds", async () => {
  expect(breaker.state).toBe("closed");
  breaker.open(new Error("gone"));
  expect(breaker.state).toBe("open");
  expect(breaker.cause?.message).toBe("gone");
  await vi.advanceTimersByTimeAsync(25);
  expect(breaker.state).toBe("open");
  isWell = true;
  await vi.advanceTimersByTimeAsync(50);
  expect(breaker.state).toBe("closed");
  expect(breaker.cause).toBeUndefined();
  expect(told).toEqual(["open: gone", "trial, half-open", "trial, half-open", "closed"]);
});

test("an open breaker tells of no second failure", () => {
  breaker.open(new Error("gone"));
  breaker.open(new Error("gone as well"));
  expect(told).toEqual(["open: gone"]);
  expect(breaker.cause?.message).toBe("gone");
});

test("trials begin 25 ms after it opened, and come ever more seldom, down to one in openMs", async () => {
  breaker.open(new Error("gone"));
  const at: number[] = [];
  for (let ms = 1; ms <= 1000; ms += 1) {
    const before = trials;
    await vi.advanceTimersByTimeAsync(1);
    if (trials > before) at.push(ms);
  }
  expect(at).toEqual([25, 75, 175, 375, 575, 775, 975]);
});

test("it opens again after it closed, with quick trials as before", async () => {
  isWell = true;
  breaker.open(new Error("gone"));
  await vi.advanceTimersByTimeAsync(25);
  breaker.open(new Error("gone again"));
  expect(breaker.state).toBe("open");
  await vi.advanceTimersByTimeAsync(25);
  expect(breaker.state).toBe("closed");
});

test("there are no trials after the end", async () => {
  breaker.open(new Error("gone"));
  breaker.close();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(trials).toBe(0);
});

test.each([
  ["fails", false],
  ["succeeds", true],
])("nobody is told of a trial that %s after the end, and it is the last", async (_, goesWell) => {
  held = createGate();
  breaker.open(new Error("gone"));
  await vi.advanceTimersByTimeAsync(25);
  breaker.close();
  isWell = goesWell;
  held.open();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(["open: gone", "trial, half-open"]);
});

test("a failure that comes during a trial is told of no more than one before it, and begins no other", async () => {
  held = createGate();
  breaker.open(new Error("gone"));
  await vi.advanceTimersByTimeAsync(25);
  breaker.open(new Error("gone as well"));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(["open: gone", "trial, half-open"]);
  expect([breaker.state, breaker.cause?.message]).toEqual(["half-open", "gone"]);
});

test("whoever is told that it opened, or closed, finds it so", async () => {
  isWell = true;
  const found: unknown[] = [];
  const find = () => found.push([breaker.state, breaker.cause?.message]);
  breaker = createBreaker({ openMs: 200, trial: async () => {}, onOpen: find, onClosed: find });
  breaker.open(new Error("gone"));
  await vi.advanceTimersByTimeAsync(25);
  expect(found).toEqual([
    ["open", "gone"],
    ["closed", undefined],
  ]);
});

test("nothing opens it after the end", () => {
  breaker.close();
  breaker.open(new Error("gone"));
  expect([breaker.state, told]).toEqual(["closed", []]);
});

test("the first trial comes after openMs at the latest", async () => {
  const trial = vi.fn(async () => {});
  breaker = createBreaker({ openMs: 10, trial, onOpen() {}, onClosed() {} });
  breaker.open(new Error("gone"));
  await vi.advanceTimersByTimeAsync(10);
  expect(trial).toHaveBeenCalledOnce();
});
