import { onTestFinished, vi } from "vitest";

const realNow = performance.now.bind(performance);

/** Until the test ends, the monotonic clock can be put forward: what takes long by it takes no time. */
export function skippingClock(): { skip(ms: number): void } {
  let aheadMs = 0;
  const spy = vi.spyOn(performance, "now").mockImplementation(() => realNow() + aheadMs);
  onTestFinished(() => spy.mockRestore());
  return {
    skip(ms) {
      aheadMs += ms;
    },
  };
}
