import fc from "fast-check";
import { expect, test } from "vitest";
import { createLatencies } from "../../src/replay/latencies.js";

test("a quantile is the time that so many took at most, within two percent", () => {
  const anyTimes = fc.array(fc.double({ min: 0.02, max: 60_000, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(anyTimes, fc.constantFrom(0.5, 0.9, 0.99, 1), (times, share) => {
      const latencies = createLatencies();
      for (const ms of times) latencies.add(ms);
      const sorted = times.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(share * sorted.length) - 1] as number;
      const found = latencies.quantile(share);
      expect(found).toBeGreaterThanOrEqual(exact * 0.999);
      expect(found).toBeLessThanOrEqual(exact * 1.021);
    }),
  );
});

test("without any time, there is none to tell", () => {
  expect(createLatencies().quantile(0.99)).toBe(0);
});
