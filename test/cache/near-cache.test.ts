import { beforeEach, describe, expect, test, vi } from "vitest";
import { createCodec } from "../../src/cache/codec.js";
import type { Entry } from "../../src/cache/entry.js";
import { createNearCache, type NearCache } from "../../src/cache/near-cache.js";

const codec = createCodec();
const MAX_AGE_MS = 5_000;
let near: NearCache;

beforeEach(() => {
  vi.useFakeTimers();
  near = createNear();
  return () => vi.useRealTimers();
});

function createNear(limits: { maxEntries?: number; maxBytes?: number } = {}): NearCache {
  const settings = { maxEntries: 100, maxBytes: 100_000, maxAgeMs: MAX_AGE_MS, ...limits };
  const created = createNearCache(settings, codec, storeNow, 1);
  created.isOpen = true;
  created.confirm(performance.now());
  return created;
}

/** The store's clock is elsewhere. */
function storeNow(): number {
  return performance.now() + 1_000_000;
}

function entryOf(value: unknown, given: Partial<Entry> = {}): Entry {
  const { format, bytes } = codec.encode(value);
  const tags = given.tags ?? [];
  return {
    token: "",
    birthMs: storeNow(),
    ttlMs: 60_000,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    loadMs: 0,
    tags,
    nonces: tags.map(() => "nonce-01"),
    format,
    value: bytes,
    ...given,
  };
}

function keep(key: string, entry: Entry): void {
  const mark = near.beginRead();
  near.keep(key, entry, mark);
  near.endRead();
}

/** Time passes while pushes are known to be complete. */
function pass(ms: number): void {
  vi.advanceTimersByTime(ms);
  near.confirm(performance.now());
}

describe("an entry that is kept near", () => {
  test("is found by those all of whose tags it is filed under", () => {
    keep("menu", entryOf("value", { tags: ["a", "b"] }));
    expect(near.find("menu", ["a", "b"])?.value).toBe("value");
    expect(near.find("menu", ["b"])?.value).toBe("value");
    expect(near.find("menu", undefined)?.value).toBe("value");
    expect(near.find("menu", ["a", "c"])).toBeUndefined();
    expect(near.find("order", [])).toBeUndefined();
  });

  test("is looked for under the tags of now, in whichever list they stand", () => {
    keep("menu", entryOf("value", { tags: ["a", "b"] }));
    const [tags, fixed] = [["a"], Object.freeze(["b"])];
    for (const list of [fixed, tags, fixed, tags]) expect(near.find("menu", list)).toBeDefined();
    tags.push("c");
    expect(near.find("menu", tags)).toBeUndefined();
    keep("menu", entryOf("value", { tags: ["a"] }));
    expect(near.find("menu", fixed)).toBeUndefined();
  });

  test("serves no longer than its age allows, though its ttl would", () => {
    keep("menu", entryOf("value"));
    pass(MAX_AGE_MS - 1);
    expect(near.find("menu", [])).toBeDefined();
    pass(1);
    expect(near.find("menu", [])).toBeUndefined();
  });

  test("serves no longer than its ttl, however late it was kept", () => {
    const entry = entryOf("value", { birthMs: storeNow() - 58_000 });
    keep("menu", entry);
    pass(1_999);
    expect(near.find("menu", [])?.bornAtMs).toBe(performance.now() - 59_999);
    pass(1);
    expect(near.find("menu", [])).toBeUndefined();
    keep("menu", entry);
    expect(near.find("menu", [])).toBeUndefined();
  });

  test("ends early rather than late, where its times are fractions", () => {
    let now = 1_000.9;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
    near = createNear();
    keep("menu", entryOf("value", { birthMs: storeNow() - 0.5, ttlMs: 100 }));
    for (now of [1_000.95, 1_050.1, 1_099.9]) expect(near.find("menu", [])).toBeDefined();
    for (now of [1_100.4, 1_100.9, 1_101]) expect(near.find("menu", [])).toBeUndefined();
    clock.mockRestore();
  });

  test("serves no longer past the last moment at which pushes were complete than its age allows", () => {
    vi.advanceTimersByTime(MAX_AGE_MS - 1);
    keep("menu", entryOf("value"));
    expect(near.find("menu", [])).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(near.find("menu", [])).toBeUndefined();
    near.confirm(performance.now());
    expect(near.find("menu", [])).toBeDefined();
  });

  test("is there for want of anything better past its age and ttl, within its own window", () => {
    keep("menu", entryOf("value", { ttlMs: 1_000, staleIfErrorMs: 10_000, tags: ["a"] }));
    vi.advanceTimersByTime(10_999);
    expect(near.findStale("menu", ["a"])?.value).toBe("value");
    expect(near.findStale("menu", ["b"])).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(near.findStale("menu", ["a"])).toBeUndefined();
  });

  test("chooses somebody to refresh it when its end is near, and only then", () => {
    keep("menu", entryOf("value", { ttlMs: 4_000, loadMs: 1_000 }));
    vi.spyOn(Math, "random").mockReturnValue(0.9);
    expect(near.find("menu", [])?.isDue).toBe(false);
    pass(2_000);
    expect(near.find("menu", [])?.isDue).toBe(true);
    vi.restoreAllMocks();
  });
});

describe("what is taken away", () => {
  test.each<[string, (key: string) => void, boolean]>([
    ["by its key", (key) => near.delete(key), true],
    ["by a tag", () => near.evict(["other", "b"]), true],
    ["with everything", () => near.clear(), true],
    ["by another's tag", () => near.evict(["c"]), false],
    ["by another's key", () => near.delete("order"), false],
  ])("%s", (_, take, isTaken) => {
    keep("menu", entryOf("value", { tags: ["a", "b"] }));
    take("menu");
    expect(near.find("menu", []) === undefined).toBe(isTaken);
    expect(near.findStale("menu", []) === undefined).toBe(isTaken);
  });

  test.each<[string, () => void, boolean]>([
    ["its key", () => near.delete("menu"), true],
    ["one of its tags", () => near.evict(["b"]), true],
    ["everything", () => near.clear(), true],
    ["another tag", () => near.evict(["c"]), false],
  ])("wins over a read that was sent before: %s", (_, take, isTaken) => {
    const mark = near.beginRead();
    take();
    near.keep("menu", entryOf("read before", { tags: ["a", "b"] }), mark);
    expect(near.find("menu", []) === undefined).toBe(isTaken);
    const later = near.beginRead();
    near.keep("menu", entryOf("read after", { tags: ["a", "b"] }), later);
    expect(near.find("menu", [])?.value).toBe("read after");
  });

  test.each<[string, boolean, (key: string) => void]>([
    ["more keys than are remembered, and then takes all with it", true, (key) => near.delete(key)],
    ["more tags than are remembered, and then takes all with it", true, (key) => near.evict([key])],
    ["one other key as often, and then takes itself alone", false, () => near.delete("order")],
  ])("wins over a read of before though followed by %s", (_, isTaken, take) => {
    const early = near.beginRead();
    near.delete("menu");
    for (let push = 0; push < 10_000; push += 1) take(`other ${push}`);
    near.keep("menu", entryOf("overtaken itself"), early);
    expect(near.find("menu", [])).toBeUndefined();
    near.keep("soups", entryOf("overtaken by others"), early);
    expect(near.find("soups", []) === undefined).toBe(isTaken);
    // The early read is under way still: there is always one.
    const later = near.beginRead();
    near.keep("soups", entryOf("read after"), later);
    expect(near.find("soups", [])?.value).toBe("read after");
    near.delete("menu");
    near.keep("menu", entryOf("overtaken later"), later);
    expect(near.find("menu", [])).toBeUndefined();
  });

  test("is forgotten when no read is under way that it might overtake", () => {
    const early = near.beginRead();
    near.endRead();
    near.evict(["a"]);
    keep("menu", entryOf("value", { tags: ["a"] }));
    expect(near.find("menu", [])).toBeDefined();
    expect(near.beginRead()).toBeGreaterThan(early);
  });
});

describe("a near cache", () => {
  test("takes nothing in while pushes do not come, and serves what it has", () => {
    keep("menu", entryOf("value"));
    near.isOpen = false;
    keep("order", entryOf("value"));
    expect(near.find("menu", [])).toBeDefined();
    expect(near.find("order", [])).toBeUndefined();
  });

  test("holds no more entries than it may, the latest used", () => {
    near = createNear({ maxEntries: 2 });
    keep("a", entryOf("value"));
    keep("b", entryOf("value"));
    near.find("a", []);
    keep("c", entryOf("value"));
    expect(["a", "b", "c"].map((key) => near.find(key, []) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("holds no more bytes than it may", () => {
    near = createNear({ maxBytes: 10_000 });
    for (let entry = 0; entry < 100; entry += 1) keep(`entry ${entry}`, entryOf("x".repeat(1_000)));
    const held = Array.from({ length: 100 }, (_, entry) => near.find(`entry ${entry}`, []));
    expect(held.filter(Boolean).length).toBeGreaterThan(0);
    expect(held.filter(Boolean).length).toBeLessThan(6);
    keep("large", entryOf("x".repeat(20_000)));
    expect(near.find("large", [])).toBeUndefined();
  });

  test("hands out one frozen value of plain data, and a copy of what freezing does not protect", () => {
    keep("plain", entryOf({ list: [{ a: 1 }] }));
    const first = near.find("plain", [])?.value as { list: [{ a: number }] };
    expect(near.find("plain", [])?.value).toBe(first);
    expect(() => {
      first.list[0].a = 2;
    }).toThrow(TypeError);

    keep("mapped", entryOf({ prices: new Map([["s", 950]]) }));
    const mapped = near.find("mapped", [])?.value as { prices: Map<string, number> };
    mapped.prices.set("s", 0);
    expect(near.find("mapped", [])?.value).toEqual({ prices: new Map([["s", 950]]) });
  });

  test("does not answer with bytes that it cannot read", () => {
    keep("menu", entryOf("value", { format: 99 }));
    expect(near.find("menu", [])).toBeUndefined();
    expect(near.handedOut).toBe(0);
  });
});
