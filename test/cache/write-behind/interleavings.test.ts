import fc, { type Scheduler } from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCacheOver } from "../../../src/cache/cache.js";
import type { Cache, WriteBehind } from "../../../src/cache/index.js";
import { createMemoryStore } from "../../../src/cache/memory-store.js";
import { resolveSettings } from "../../../src/cache/settings.js";
import type { Store } from "../../../src/cache/store.js";
import { afterPromiseJobs, scheduled } from "../../consistency/interleaved.js";
import { withAskedPins } from "./asked-pins.js";

/** What a store says that is not so, to leave one step of the protocol out. */
const breaks = {
  /** As if `finish` committed what it wrote whoever's pin it found. */
  "commits over a newer write": (store) => ({
    pins: {
      ...store.pins,
      async unpin(key, sequence) {
        await store.pins.unpin(key, sequence);
        return "own";
      },
    },
  }),
  /** As if `put` left what it could not replace. */
  "forgotten deletions": (store) => ({
    async delete(key) {
      await store.snapshot([key]);
    },
  }),
  /** As if a fill did not look for a pending write. */
  "forgotten stand-ins": (store) => ({
    async takeLease(request) {
      const grant = await store.takeLease(request);
      return grant.taken ? { ...grant, pinned: undefined } : grant;
    },
  }),
} as const satisfies Record<string, (store: Store) => Partial<Store>>;
type BreakName = keyof typeof breaks;

type Step =
  | { readonly do: "put"; readonly writeSteps: number }
  | ({ readonly do: "read" } & Reading)
  | { readonly do: "evict" }
  | { readonly do: "delete" };

interface Reading {
  readonly loadSteps: number;
  /** Whether the reader knows the tags; else the pending write tells them. */
  readonly tagged: boolean;
  /** Whether its load leaves a pass marker. */
  readonly stores: boolean;
}

interface Play {
  readonly callers: ReadonlyArray<{ readonly process: 0 | 1; readonly steps: readonly Step[] }>;
  /** How often 5 ms pass, at any moment. */
  readonly pauses: number;
  /** Which of the batches fail, by number. */
  readonly failures: readonly number[];
}

/** Some seconds, on a machine that has nothing else to do. */
const TIMEOUT_MS = 180_000;
const STEP_MS = 5;
const KEY = "k";
const AT_ONCE: Reading = { loadSteps: 0, tagged: true, stores: true };
const OPTIONS = { ttlSeconds: 60, tags: ["t"] };
const settings = resolveSettings({
  leaseSeconds: 0.09,
  waitSeconds: 0.3,
  earlyRefresh: 0,
  ttlJitter: 0,
});

/** The real engine over the in-process store, each request and each reply of which comes when the scheduler says. */
describe("Every interleaving of writes behind the cache, fills and evictions", () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ["performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("gives every reader the newest write that had resolved, or a newer one, and the origin the newest", {
    timeout: TIMEOUT_MS,
  }, async () => {
    await fc.assert(property(), { numRuns: 500 });
  });

  it.each(Object.keys(breaks) as BreakName[])(
    "would be noticed to fail with %s",
    {
      timeout: TIMEOUT_MS,
    },
    async (broken) => {
      const { failed } = await fc.check(property(broken), { numRuns: 20_000, endOnFailure: true });
      expect(failed).toBe(true);
    },
  );
});

function property(broken?: BreakName) {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("put" as const), writeSteps: fc.nat(4) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("read" as const),
        loadSteps: fc.nat(6),
        tagged: fc.boolean(),
        stores: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("evict" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const) }) },
  );
  const plays: fc.Arbitrary<Play> = fc.record({
    callers: fc.array(
      fc.record({
        process: fc.constantFrom(0 as const, 1 as const),
        steps: fc.array(step, { minLength: 1, maxLength: 4 }),
      }),
      { minLength: 2, maxLength: 5 },
    ),
    pauses: fc.nat(8),
    failures: fc.uniqueArray(fc.nat(5), { maxLength: 2 }),
  });
  return fc.asyncProperty(fc.scheduler(), plays, (scheduler, how) =>
    play(scheduler, how, broken ? breaks[broken] : () => ({})),
  );
}

async function play(
  scheduler: Scheduler,
  { callers, pauses, failures }: Play,
  broken: (store: Store) => Partial<Store>,
): Promise<void> {
  const shared = withAskedPins(createMemoryStore({ maxEntries: 1000, maxBytes: 1_000_000 }));
  const origin = { value: 0, sequence: 0 };
  /** Of each value whose put has resolved. */
  const sequences = new Map([[0, 0]]);
  const reads: Array<{ value: number; atLeast: number }> = [];
  let [last, batches] = [0, 0];
  const newest = () => Math.max(...sequences.values());
  const turn = (label: string) => scheduler.schedule(Promise.resolve(), label);

  const processes = ["p0", "p1"].map((worker) => {
    const slow = scheduled(shared, scheduler, worker);
    const cache = createCacheOver({ ...slow, ...broken(slow) }, settings);
    const queue = cache.writeBehind<{ value: number; writeSteps: number }>("q", {
      delaySeconds: 0,
      retrySeconds: 0.005,
      async write(writes) {
        const number = batches++;
        for (const { value, sequence } of writes) {
          for (let at = 0; at < value.writeSteps; at += 1) await turn(`${worker} writes`);
          if (sequence >= origin.sequence) Object.assign(origin, { value: value.value, sequence });
          await turn(`${worker} wrote`);
        }
        if (failures.includes(number))
          throw new Error("The origin has a bad day, having committed.");
      },
    });
    return { cache, queue };
  });

  async function read(cache: Cache, { loadSteps, tagged, stores }: Reading): Promise<void> {
    const atLeast = newest();
    const options = tagged ? OPTIONS : { ttlSeconds: 60 };
    const read = await cache.getOrSet(KEY, options, async ({ setTtlSeconds }) => {
      const { value } = origin;
      if (!stores) setTtlSeconds(0);
      for (let at = 0; at < loadSteps; at += 1) await turn("loads");
      return { value };
    });
    reads.push({ value: read.value, atLeast });
  }

  async function act(
    { cache, queue }: { cache: Cache; queue: WriteBehind<{ value: number; writeSteps: number }> },
    step: Step,
  ): Promise<void> {
    await turn(step.do);
    if (step.do === "put") {
      const value = ++last;
      const { sequence } = await queue.put(KEY, OPTIONS, { value, writeSteps: step.writeSteps });
      sequences.set(value, sequence);
    } else if (step.do === "read") await read(cache, step);
    else if (step.do === "evict") await cache.evictTags(OPTIONS.tags);
    else await cache.delete(KEY);
  }

  async function passTimes(): Promise<void> {
    for (let passed = 0; passed < pauses; passed += 1) {
      await turn("time passes");
      vi.advanceTimersByTime(STEP_MS);
    }
  }

  /** Lets everything take its turn until it is done. */
  async function playOut(work: Promise<unknown>): Promise<void> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    await afterPromiseJobs();
    while (!isOver || scheduler.count() > 0) {
      if (scheduler.count() > 0) await scheduler.waitOne();
      else vi.advanceTimersByTime(STEP_MS);
      await afterPromiseJobs();
    }
    await work;
  }

  const lives = callers.map(async ({ process, steps }) => {
    for (const step of steps) await act(processes[process]!, step);
  });
  await playOut(Promise.all([passTimes(), ...lives]));
  for (const { cache } of processes) await playOut(read(cache, AT_ONCE));
  while ((await shared.queue("q").size()).pending > 0) {
    vi.advanceTimersByTime(STEP_MS);
    await playOut(Promise.resolve());
  }
  expect(origin.sequence).toBe(newest());
  for (const { cache } of processes) await playOut(read(cache, AT_ONCE));
  await playOut(Promise.all(processes.map(({ cache }) => cache.close())));
  for (const { value, atLeast } of reads) {
    expect(sequences.get(value), `value ${value}`).toBeGreaterThanOrEqual(atLeast);
  }
}
