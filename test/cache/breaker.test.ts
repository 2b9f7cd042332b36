import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Breaker, createBreaker } from "../../src/cache/breaker.js";

let trials: number;
let isWell: boolean;
let told: string[];
let breaker: Breaker;

beforeEach(() => {
  vi.useFakeTimers();
  [trials, isWell, told] = [0, false, []];
  breaker = createBreaker({
    openMs: 200,
    async trial() {
      trials += 1;
      told.push(`trial, ${breaker.state}`);
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
