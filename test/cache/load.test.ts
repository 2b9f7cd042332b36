import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EntrySettings } from "../../src/cache/entry-settings.js";
import {
  CacheClosedError,
  InvalidOptionError,
  LoadQueueTimeoutError,
  LoadTimeoutError,
} from "../../src/cache/errors.js";
import { createLoadRunner } from "../../src/cache/load.js";
import { createLoadLimit } from "../../src/cache/load-limit.js";
import type { Position } from "../../src/cache/position.js";
import type { Load, LoadContext } from "../../src/cache/types.js";
import { createGate } from "../support/gate.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const entry = new EntrySettings({ ttlSeconds: 60, tags: ["menu"] });
const [early, late] = [
  { epoch: 1, n: 3 },
  { epoch: 1, n: 5 },
];

function createRunner({ places = 64, loadTimeoutMs = 1_000 } = {}) {
  const limit = createLoadLimit(places, 500);
  const runner = createLoadRunner(limit, loadTimeoutMs);
  const run = (load: Load<unknown>, settings: EntrySettings = entry) =>
    runner.run("menu", settings, load);
  return { limit, runner, run };
}

/** A load that takes until its gate opens. */
function gatedLoad() {
  const gate = createGate();
  let context: LoadContext | undefined;
  const load = (given: LoadContext) => {
    context = given;
    return gate.pass();
  };
  return { gate, load, signal: () => context?.signal };
}

describe("a load that ends", () => {
  test("gives its value and how long it took", async () => {
    const { run } = createRunner();
    const { gate, load } = gatedLoad();
    const running = run(async (context) => {
      await load(context);
      return "value";
    });
    await vi.advanceTimersByTimeAsync(120);
    gate.open();
    expect(await running).toEqual({
      value: "value",
      addedTags: [],
      ttlMs: undefined,
      loadMs: expect.closeTo(120, 0),
    });
  });

  test("may give its value at once", async () => {
    expect(await createRunner().run(() => 5)).toMatchObject({ value: 5 });
  });

  test("adds the tags that were not known before, each once", async () => {
    const loaded = await createRunner().run(({ addTags }) => {
      addTags("menu", "item:1", "item:2");
      addTags("item:1");
      addTags();
    });
    expect(loaded.addedTags).toEqual(["item:1", "item:2"]);
  });

  test("may choose its ttl, 0 to store nothing; its last word counts", async () => {
    const { run } = createRunner();
    expect(await run(({ setTtlSeconds }) => setTtlSeconds(1.5))).toMatchObject({ ttlMs: 1_500 });
    expect(await run(({ setTtlSeconds }) => setTtlSeconds(0))).toMatchObject({ ttlMs: 0 });
    const twice = await run(({ setTtlSeconds }) => {
      setTtlSeconds(0);
      setTtlSeconds(2);
    });
    expect(twice.ttlMs).toBe(2_000);
  });

  test.each<[string, Array<Position | null>, Position | null]>([
    ["the oldest that it says it saw", [early, late], early],
    ["the oldest, in whichever order it says so", [late, early], early],
    ["nobody knows what, where one of them is of unknown age", [late, null, early], null],
  ])("is as old as %s", async (_, seen, since) => {
    const loaded = await createRunner().run(({ setSince }) => {
      for (const position of seen) setSince(position);
    });
    expect(loaded.since).toEqual(since);
  });

  test("is told at once of a tag or ttl that cannot be used", async () => {
    const { run } = createRunner();
    await expect(run(({ addTags }) => addTags(""))).rejects.toThrow(InvalidOptionError);
    await expect(run(({ setTtlSeconds }) => setTtlSeconds(-1))).rejects.toThrow(InvalidOptionError);
    await expect(run(({ setTtlSeconds }) => setTtlSeconds(Number.NaN))).rejects.toThrow(
      InvalidOptionError,
    );
  });

  test("is not aborted afterwards, by time or by closing", async () => {
    const { run, runner } = createRunner();
    let signal: AbortSignal | undefined;
    await run((context) => {
      signal = context.signal;
    });
    await vi.advanceTimersByTimeAsync(10_000);
    runner.close();
    expect(signal?.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a load that throws", () => {
  test.each<[string, unknown]>([
    ["an error", new Error("no")],
    ["something that is no error", { reason: "no" }],
  ])("%s rejects with the very thing it threw, then and later", async (_, thrown) => {
    const { run } = createRunner();
    const atOnce = () => {
      throw thrown;
    };
    await expect(run(atOnce)).rejects.toBe(thrown);
    await expect(run(() => Promise.reject(thrown))).rejects.toBe(thrown);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a load that does not end in time", () => {
  test("is aborted, and its callers are told in words", async () => {
    const { run } = createRunner({ loadTimeoutMs: 1_000 });
    const { load, signal } = gatedLoad();
    const running = run(load);
    const refused = expect(running).rejects.toThrow(
      expect.objectContaining({
        constructor: LoadTimeoutError,
        code: "E_LOAD_TIMEOUT",
        key: "menu",
        message: 'A load must end within 1000 ms; the one of "menu" did not.',
      }),
    );
    await vi.advanceTimersByTimeAsync(999);
    expect(signal()?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await refused;
    expect(signal()?.reason).toBeInstanceOf(LoadTimeoutError);
  });

  test("may fail afterwards without anybody noticing", async () => {
    const { run } = createRunner({ loadTimeoutMs: 1_000 });
    const gate = createGate();
    const running = run(async () => {
      await gate.pass();
      throw new Error("too late");
    });
    const refused = expect(running).rejects.toThrow(LoadTimeoutError);
    await vi.advanceTimersByTimeAsync(1_000);
    await refused;
    // An unhandled rejection would fail the run.
    gate.open();
    await vi.advanceTimersByTimeAsync(0);
  });
});

test("closing aborts what runs", async () => {
  const { run, runner } = createRunner();
  const loads = [gatedLoad(), gatedLoad()];
  const refused = loads.map(({ load }) => expect(run(load)).rejects.toThrow(CacheClosedError));
  await vi.advanceTimersByTimeAsync(0);
  runner.close();
  await Promise.all(refused);
  for (const { signal } of loads) expect(signal()?.reason).toBeInstanceOf(CacheClosedError);
});

test("closing lets none begin that waited for room", async () => {
  const { run, runner } = createRunner({ places: 1 });
  const { gate, load } = gatedLoad();
  const first = run(load);
  await gate.arrived;
  let began = false;
  const second = run(() => {
    began = true;
  });
  runner.close();
  for (const one of [first, second]) await expect(one).rejects.toThrow(CacheClosedError);
  expect(began).toBe(false);
});

describe("where loads are bounded", () => {
  test.each<[string, Load<unknown>]>([
    ["ends", () => 1],
    [
      "throws at once",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["takes too long", () => new Promise(() => {})],
  ])("the place of a load that %s comes free", async (_, load) => {
    const { run, limit } = createRunner({ places: 1 });
    const settled = run(load).catch(() => {});
    await vi.advanceTimersByTimeAsync(1_000);
    await settled;
    expect(limit.enter({})).toBeUndefined();
  });

  test("a load begins when one before it has ended, and its time counts from then", async () => {
    const { run } = createRunner({ places: 1, loadTimeoutMs: 400 });
    const [first, second] = [gatedLoad(), gatedLoad()];
    const running = [run(first.load), run(second.load)];
    await vi.advanceTimersByTimeAsync(300);
    expect(second.gate.arrivals).toBe(0);
    first.gate.open();
    await second.gate.arrived;
    await vi.advanceTimersByTimeAsync(300);
    second.gate.open();
    expect((await Promise.all(running))[1]?.loadMs).toBeCloseTo(300, 0);
  });

  test("one that finds no room in time rejects without having begun", async () => {
    const { run } = createRunner({ places: 1, loadTimeoutMs: 10_000 });
    const [first, second] = [gatedLoad(), gatedLoad()];
    const running = run(first.load);
    const refused = run(second.load, { ...entry, coordinate: "Query.menu" }).catch(
      (error) => error,
    );
    await vi.advanceTimersByTimeAsync(500);
    expect(await refused).toBeInstanceOf(LoadQueueTimeoutError);
    expect(await refused).toMatchObject({ key: "menu", coordinate: "Query.menu" });
    expect(second.gate.arrivals).toBe(0);
    first.gate.open();
    await running;
  });

  test("the loads of one group are let in together", async () => {
    const { run } = createRunner({ places: 1 });
    const operation = { ...entry, loadGroup: {} };
    const loads = [gatedLoad(), gatedLoad(), gatedLoad()];
    const running = loads.map(({ load }) => run(load, operation));
    await Promise.all(loads.map(({ gate }) => gate.arrived));
    for (const { gate } of loads) gate.open();
    await Promise.all(running);
  });

  test("a load inside a load, told of it, needs no place of its own, however deep", async () => {
    const { run } = createRunner({ places: 1 });
    const within = (context: LoadContext) => ({ ...entry, loadGroup: context });
    const { value } = await run(async (outer) => {
      const middle = await run(async (inner) => {
        const { value: innermost } = await run(() => "found", within(inner));
        return innermost;
      }, within(outer));
      return middle.value;
    });
    expect(value).toBe("found");
  });
});
