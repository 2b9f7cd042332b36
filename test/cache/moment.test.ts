import { afterEach, expect, test, vi } from "vitest";
import { createMoment } from "../../src/cache/moment.js";

afterEach(() => vi.restoreAllMocks());

test("a synchronous run is one moment, for which the clock is read once", async () => {
  const times = [1, 2, 3];
  const clock = vi.spyOn(performance, "now").mockImplementation(() => times.shift() ?? 0);
  const moment = createMoment();

  expect([moment(), moment(), moment()]).toEqual([1, 1, 1]);
  expect(clock).toHaveBeenCalledTimes(1);
  await Promise.resolve();
  expect([moment(), moment()]).toEqual([2, 2]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(moment()).toBe(3);
});
