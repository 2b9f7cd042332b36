import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BreakName } from "../consistency/breaks.js";
import { findStaleReads } from "../consistency/check-stale.js";
import {
  type Caller,
  type Fate,
  type KeyName,
  keys,
  type Play,
  play,
  type Step,
  type Tag,
} from "../consistency/interleaved.js";

/** The real engine over the in-process store, each request and each reply of which comes when the scheduler says. */
describe("Every interleaving of fills, refreshes, evictions and leases that run out", () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ["performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("serves nothing older than an eviction that had resolved, and leaves a useful load alone", async () => {
    await fc.assert(property(), { numRuns: 1500 });
  });

  it("serves nothing older than a write that had resolved", async () => {
    await fc.assert(property(undefined, [...steps, writing]), { numRuns: 1000 });
  });

  it.each<BreakName>([
    "late versions",
    "unchecked versions",
    "late writers",
    "shared leases",
    "surviving leases",
    "joined doom",
    "ageless operations",
    "unchecked results",
  ])("would be noticed to fail with %s", async (sabotage) => {
    const { failed } = await fc.check(property(sabotage), { numRuns: 20_000, endOnFailure: true });
    expect(failed).toBe(true);
  });
});

function property(sabotage?: BreakName, someSteps = steps) {
  return fc.asyncProperty(fc.scheduler(), playsOf(someSteps), async (scheduler, how) => {
    const passTime = (ms: number) => void vi.advanceTimersByTime(ms);
    const played = await play(scheduler, { ...how, passTime, ...(sabotage && { sabotage }) });
    expect(findStaleReads(played.history)).toEqual([]);
    expect(played.sharedLeases).toEqual([]);
  });
}

const key = fc.constantFrom(...(Object.keys(keys) as KeyName[]));
const tag = fc.constantFrom<Tag>("a", "b");
const fate = fc.constantFrom<Fate>("stored", "stored", "stored", "thrown", "not stored");

const lookup = { key, fate, loadSteps: fc.oneof(fc.nat(3), fc.nat(30)) };

const steps: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 5, arbitrary: fc.record({ do: fc.constant("read" as const), ...lookup }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("operate" as const), ...lookup }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("evict" as const),
      tags: fc.array(tag, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
];

const writing: fc.WeightedArbitrary<Step> = {
  weight: 5,
  arbitrary: fc.record({ do: fc.constant("write" as const), ...lookup }),
};

function playsOf(some: readonly fc.WeightedArbitrary<Step>[]) {
  const caller: fc.Arbitrary<Caller> = fc.record({
    process: fc.constantFrom(0, 1),
    steps: fc.array(fc.oneof(...some), { minLength: 1, maxLength: 4 }),
  });
  const plays: fc.Arbitrary<Omit<Play, "passTime">> = fc.record({
    callers: fc.array(caller, { minLength: 2, maxLength: 6 }),
    thirdsOfLease: fc.nat(6),
  });
  return plays;
}
