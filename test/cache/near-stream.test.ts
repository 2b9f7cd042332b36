import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createCodec } from "../../src/cache/codec.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { createNearCache, type NearCache } from "../../src/cache/near-cache.js";
import { type NearStream, openNearStream } from "../../src/cache/near-stream.js";
import type { ChangeListener, Store } from "../../src/cache/store.js";
import { createGate } from "../support/gate.js";

const MAX_AGE_MS = 5_000;
const codec = createCodec();
let near: NearCache;
let stream: NearStream;
let listener: ChangeListener;
/** When it was asked whether the pushes are complete, and what is answered. */
let asked: number[];
let isComplete: () => Promise<boolean>;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  isComplete = async () => true;
  open();
});

afterEach(() => {
  stream.close();
  vi.useRealTimers();
});

function open(maxAgeMs = MAX_AGE_MS): void {
  const limits = { maxEntries: 100, maxBytes: 100_000, maxAgeMs };
  near = createNearCache(limits, codec, () => performance.now(), 1);
  const store: Store = {
    ...createMemoryStore({ maxEntries: 10, maxBytes: 1_000 }),
    listen(given) {
      listener = given;
      return {
        told: { epoch: 1, n: 7 },
        isComplete() {
          asked.push(Math.round(performance.now() - openedAt));
          return isComplete();
        },
      };
    },
  };
  const openedAt = performance.now();
  stream = openNearStream(store, near, maxAgeMs);
}

/** Keeps it as if it were just read, which renews its own age. */
function keep(key: string, tags: string[] = []): void {
  const { format, bytes } = codec.encode("value");
  const entry = {
    token: "",
    birthMs: performance.now(),
    ttlMs: 600_000,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 600_000,
    loadMs: 0,
    tags,
    nonces: tags.map(() => "nonce-01"),
    format,
    value: bytes,
  };
  near.keep(key, entry, near.beginRead());
  near.endRead();
}

const isServed = (key: string) => near.find(key, []) !== undefined;

describe("what the stream tells", () => {
  beforeEach(() => {
    listener.onOpen();
    keep("menu", ["food"]);
    keep("order");
  });

  test.each<[string, () => void, [boolean, boolean]]>([
    ["of a tag takes away what is filed under it", () => listener.onTag("food"), [false, true]],
    ["of a key takes that away", () => listener.onKey("order"), [true, false]],
    ["of everything takes everything away", () => listener.onAll(), [false, false]],
    ["when it opens takes everything away", () => listener.onOpen(), [false, false]],
  ])("%s", (_, tell, served) => {
    tell();
    expect([isServed("menu"), isServed("order")]).toEqual(served);
  });

  test("after a gap is not known: what is there serves, and nothing is taken in", () => {
    listener.onGap();
    keep("soups");
    expect([isServed("menu"), isServed("soups")]).toEqual([true, false]);
    expect(stream.isOpen).toBe(false);
    listener.onOpen();
    keep("soups");
    expect([isServed("soups"), stream.isOpen]).toEqual([true, true]);
  });
});

describe("whether no push was lost", () => {
  test.each([
    ["every second", 60_000, 1_000],
    ["five times in the age of an entry, where that is short", 1_000, 200],
    ["no more often than every 50 ms, however short it is", 10, 50],
  ])("is asked %s", async (_, maxAgeMs, everyMs) => {
    stream.close();
    open(maxAgeMs);
    await vi.advanceTimersByTimeAsync(3 * everyMs);
    expect(asked).toEqual([everyMs, 2 * everyMs, 3 * everyMs]);
  });

  test("is asked one question at a time", async () => {
    const gate = createGate();
    isComplete = async () => {
      await gate.pass();
      return true;
    };
    await vi.advanceTimersByTimeAsync(3_000);
    expect(asked).toEqual([1_000]);
    gate.open();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual([1_000, 4_000]);
  });

  test("is asked again after it could not be told", async () => {
    isComplete = () => Promise.reject(new Error("out of reach"));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(asked).toEqual([1_000, 2_000, 3_000]);
  });

  test("is asked no more after the close, and nothing is there or taken in from then on", async () => {
    listener.onOpen();
    keep("menu");
    stream.close();
    keep("order");
    expect([near.findStale("menu", []), near.findStale("order", [])]).toEqual([
      undefined,
      undefined,
    ]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual([]);
  });
});

describe("a near cache whose pushes may have been lost", () => {
  /** What was read just now, at so many milliseconds after the stream opened. */
  async function servesAfter(ms: number): Promise<boolean> {
    await vi.advanceTimersByTimeAsync(ms - 1_000);
    keep("menu");
    await vi.advanceTimersByTimeAsync(1_000);
    return isServed("menu");
  }

  beforeEach(() => listener.onOpen());

  test("serves on while it is told that none was", async () => {
    expect(await servesAfter(60_000)).toBe(true);
  });

  test.each<[string, () => Promise<boolean>]>([
    ["some were", async () => false],
    ["nobody knows", () => Promise.reject(new Error("out of reach"))],
  ])("serves for no longer than its age once %s", async (_, answer) => {
    isComplete = answer;
    expect(await servesAfter(MAX_AGE_MS - 1)).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(isServed("menu")).toBe(false);
  });

  test("counts that age from when it asked, and not from when it was answered", async () => {
    const gate = createGate();
    isComplete = async () => {
      await gate.pass();
      return true;
    };
    await vi.advanceTimersByTimeAsync(4_000);
    isComplete = async () => false;
    gate.open();
    // Asked at 1,000.
    expect(await servesAfter(1_000 + MAX_AGE_MS - 1 - 4_000)).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(isServed("menu")).toBe(false);
  });
});
