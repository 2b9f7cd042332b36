import { describe, expect, it } from "vitest";
import { findPostgres } from "../../support/postgres-server.js";
import { describeKills, judgeKills } from "./report.js";
import { runKills } from "./run.js";

/** Short runs of `npm run check:kills`. */
describe.skipIf(findPostgres() === undefined)(
  "A server killed between a price's commit and its eviction",
  () => {
    it("leaves nobody with the old price once it is open again", { timeout: 120_000 }, async () => {
      const options = { kills: 4, seed: 42, isBroken: false };
      const rounds = await runKills(options);
      expect(judgeKills(rounds).isWrong, describeKills(options, rounds)).toBe(false);
      expect(rounds.filter(({ committed }) => committed).length).toBeGreaterThan(2);
    });

    it("would be noticed to do so without the outbox", { timeout: 120_000 }, async () => {
      const options = { kills: 4, seed: 42, isBroken: true };
      const rounds = await runKills(options);
      expect(judgeKills(rounds).stale.length, describeKills(options, rounds)).toBeGreaterThan(0);
    });
  },
);
