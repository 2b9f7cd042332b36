import { describe, expect, it } from "vitest";
import { type BreakName, breaks } from "./breaks.js";
import { describeRun } from "./report.js";
import { type RunOptions, runCheck } from "./run.js";

/** Short runs of `npm run check:consistency`, which says more the longer it runs. */
describe("A fleet of processes on a real Redis, while things go wrong", () => {
  const options: RunOptions = { topology: "single", seconds: 4, processes: 3, seed: 42 };

  it("reads nothing stale, and never runs two useful loads at once", {
    timeout: 40_000,
  }, async () => {
    const result = await runCheck(options);
    const { history, verdict } = result;
    expect(verdict.isWrong, describeRun(options, result)).toBe(false);
    // A run in which nothing happened would prove nothing.
    const kinds = new Set(history.reads.map(({ how }) => how));
    expect([...kinds]).toEqual(expect.arrayContaining(["hit", "miss", "waited", "many"]));
    expect(history.reads.filter(({ value }) => value).length).toBeGreaterThan(100);
    expect(history.loads.size).toBeGreaterThan(30);
    expect([...history.writes.values()].filter(({ done }) => done).length).toBeGreaterThan(10);
    expect(history.faults.length).toBeGreaterThan(3);
  });

  it("reads nothing from near caches past their age, though their pushes are cut every second", {
    timeout: 40_000,
  }, async () => {
    const near = { ...options, nearMaxAgeMs: 500 };
    const result = await runCheck(near);
    expect(result.verdict.isWrong, describeRun(near, result)).toBe(false);
    const sabotage: BreakName = "unheard pushes";
    const broken = { ...near, sabotage, seconds: 20, until: "stale" } as const;
    expect((await runCheck(broken)).verdict.stale.length).toBeGreaterThan(0);
  });

  it.each<BreakName>(["late versions", "shared leases"])(
    "finds what goes wrong with %s",
    {
      timeout: 40_000,
    },
    async (sabotage) => {
      const { shows } = breaks[sabotage];
      const { verdict } = await runCheck({ ...options, sabotage, seconds: 20, until: shows });
      expect(verdict[shows].length).toBeGreaterThan(0);
    },
  );
});
