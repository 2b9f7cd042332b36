import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRecentEvictions } from "../../src/cache/recent-evictions.js";
import { createUndelivered } from "../../src/cache/undelivered.js";

/** Recent evictions on a clock set by hand; `told` is what would be issued again. */
function create(options: { keepMs?: number; limit?: number } = {}) {
  let nowMs = 1_000_000;
  const recent = createRecentEvictions({ keepMs: 60_000, ...options, now: () => nowMs });
  return {
    recent,
    pass: (ms: number) => {
      nowMs += ms;
    },
    told: (lostAtMs = nowMs) => {
      const steps: string[] = [];
      recent.passOn(lostAtMs, {
        addTags: (tags) => steps.push(...tags.map((tag) => `tag ${tag}`)),
        addKey: (key) => steps.push(`key ${key}`),
        addEverything: () => steps.push("everything"),
      });
      return steps;
    },
    now: () => nowMs,
  };
}

describe("what was evicted of late", () => {
  test("is told in the order in which it was last evicted, each once", () => {
    const { recent, told } = create();
    recent.addTags(["a", "b"]);
    recent.addKey("a");
    recent.addTags(["a"]);
    expect(told()).toEqual(["tag b", "key a", "tag a"]);
    expect(told()).toEqual(["tag b", "key a", "tag a"]);
  });

  test("is what was evicted in the last minute before the server was lost, however long that is past", () => {
    const { recent, pass, told, now } = create();
    recent.addTags(["long before"]);
    pass(1);
    recent.addTags(["before"]);
    pass(60_000);
    const lostAtMs = now();
    pass(3_600_000);
    expect(told(lostAtMs)).toEqual(["tag before"]);
    expect(told()).toEqual([]);
  });

  test("is everything where it is too much to remember, for as long", () => {
    const { recent, pass, told } = create({ limit: 2 });
    recent.addTags(["a", "b"]);
    expect(told()).toEqual(["tag a", "tag b"]);
    recent.addKey("c");
    expect(told()).toEqual(["everything"]);
    pass(60_000);
    recent.addTags(["d"]);
    expect(told()).toEqual(["everything"]);
    pass(1);
    expect(told()).toEqual(["tag d"]);
  });

  test("makes room for what is newer as it grows old", () => {
    const { recent, pass, told } = create({ limit: 2, keepMs: 100 });
    for (let n = 0; n < 10; n += 1) {
      recent.addTags([`${n}`]);
      pass(60);
    }
    expect(told()).toEqual(["tag 9"]);
  });

  test("is everything after everything was evicted", () => {
    const { recent, told } = create();
    recent.addTags(["a"]);
    recent.addEverything();
    recent.addTags(["b"]);
    expect(told()).toEqual(["everything"]);
  });

  test("always covers every eviction of the last minute", () => {
    const step = fc.record({ tag: fc.constantFrom("a", "b", "c", "d"), afterMs: fc.nat(50_000) });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 4 }), (steps, limit) => {
        const { recent, pass, told, now } = create({ limit });
        const lastAt = new Map<string, number>();
        for (const { tag, afterMs } of steps) {
          pass(afterMs);
          recent.addTags([tag]);
          lastAt.set(tag, now());
        }
        const covered = told();
        for (const [tag, atMs] of lastAt) {
          if (atMs < now() - 60_000 || covered.includes("everything")) continue;
          expect(covered).toContain(`tag ${tag}`);
        }
      }),
    );
  });
});

test("hands over to what is delivered, and is left empty-handed by it only there", async () => {
  const { recent, now } = create();
  recent.addTags(["a"]);
  recent.addKey("k");
  const undelivered = createUndelivered();
  recent.passOn(now(), undelivered);
  expect(undelivered.size).toBe(2);
  const rest = createUndelivered();
  undelivered.passOn(rest);
  expect([undelivered.size, rest.size]).toEqual([0, 2]);
  rest.addEverything();
  rest.passOn(undelivered);
  expect([undelivered.size, rest.size]).toEqual([1, 0]);
});
