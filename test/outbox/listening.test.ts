import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { keepListening } from "../../src/outbox/listening.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells once of a channel that stays lost, and again when it is lost again", async () => {
  let isAway = true;
  let lose = () => {};
  const problems: string[] = [];
  const notify = vi.fn();
  const listening = keepListening(
    async (_channel, on) => {
      if (isAway) throw new Error("no such host");
      lose = () => on.lost();
      return async () => {};
    },
    "evictions",
    { notify, problem: ({ message }) => void problems.push(message) },
    1_000,
  );
  await vi.advanceTimersByTimeAsync(60_000);
  expect(problems).toEqual([expect.stringContaining("no such host")]);

  isAway = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(notify).toHaveBeenCalledTimes(1);
  lose();
  await vi.advanceTimersByTimeAsync(200);
  expect(problems.slice(1)).toEqual([expect.stringContaining("the connection was lost")]);
  expect(notify).toHaveBeenCalledTimes(2);
  await listening.close();
});
