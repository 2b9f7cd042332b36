import { describe, expect, it } from "vitest";
import { describeDetails, describeOutage } from "./report.js";
import { type OutageOptions, runOutage } from "./run.js";

/** Short runs of `npm run check:outage`, which has more of them. */
describe("A fleet under steady requests, while Redis is away", () => {
  const options: Omit<OutageOptions, "scenario"> = {
    seconds: 1,
    seed: 42,
    requestsPerSecond: 100,
  };

  it.each(["stop", "cut to the client", "full, noeviction"])(
    "fails nobody, reads nothing stale, and comes back: %s",
    { timeout: 60_000 },
    async (scenario) => {
      const run = { ...options, scenario };
      const result = await runOutage(run);
      const { verdict, history } = result;
      const shown = `${describeOutage(run, result)}\n${describeDetails(result)}`;
      expect([verdict.failed, verdict.stale.length, history.crashes], shown).toEqual([0, 0, []]);
      expect(verdict.recoveryMs, shown).not.toBe(Number.POSITIVE_INFINITY);
      expect(verdict.missed, shown).not.toContain("breaker never opened");
      // A run in which nothing happened would prove nothing.
      const kinds = new Set(history.reads.map(({ how }) => how));
      expect([...kinds], shown).toEqual(expect.arrayContaining(["hit", "miss", "outage"]));
    },
  );

  it("is found out where undelivered evictions are forgotten", { timeout: 60_000 }, async () => {
    const sabotage = "forgotten evictions";
    const { verdict } = await runOutage({ ...options, scenario: "stop", seconds: 3, sabotage });
    expect(verdict.missed).toContain("stale");
  });

  it("is found out where no breaker opens", { timeout: 60_000 }, async () => {
    const { verdict } = await runOutage({ ...options, scenario: "stop", sabotage: "no breaker" });
    expect(verdict.missed).toContain("breaker never opened");
  });
});
