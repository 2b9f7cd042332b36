import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEvictions, UnreplicatedError } from "../../src/cache/evictions.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import type { Store } from "../../src/cache/store.js";
import { createGate } from "../support/gate.js";

let memory: Store;
let evicted: string[];

beforeEach(() => {
  vi.useFakeTimers();
  memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
  evicted = [];
});
afterEach(async () => {
  await memory.close();
  vi.useRealTimers();
});

const unreplicated = () => Promise.reject(new UnreplicatedError("No replica acknowledged it."));

test("an eviction that no replica has is issued again, ever more seldom, until one has it", async () => {
  let isReplicated = false;
  const evictions = createEvictions({
    ...memory,
    evict(tags) {
      evicted.push(...tags);
      return isReplicated ? memory.evict(tags) : unreplicated();
    },
  });
  expect(await evictions.evict(["menu"])).toMatchObject({ replicated: false });
  expect(evictions.unreplicated).toBe(1);
  await vi.advanceTimersByTimeAsync(1000);
  await vi.advanceTimersByTimeAsync(1999);
  expect(evicted).toHaveLength(2);
  isReplicated = true;
  await vi.advanceTimersByTimeAsync(1);
  expect(evicted).toHaveLength(3);
  expect(evictions.unreplicated).toBe(0);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(evicted).toHaveLength(3);
});

test("what a promoted server may lack is told of an eviction that is not answered yet, and of one without replicas", async () => {
  const gate = createGate();
  const evictions = createEvictions({
    ...memory,
    async evict(tags) {
      if (!tags.includes("slow")) return unreplicated();
      await gate.pass();
      return memory.evict(tags);
    },
  });
  await evictions.evict(["menu"]);
  await vi.advanceTimersByTimeAsync(120_000);
  const answering = evictions.evict(["slow"]);
  await gate.arrived;
  const list = { addTags: vi.fn(), addKey: vi.fn(), addEverything: vi.fn() };
  evictions.passOn(performance.now(), list);
  expect(list.addTags.mock.calls).toEqual([[["slow"]], [["menu"]]]);
  expect(evictions.unreplicated).toBe(0);
  gate.open();
  await answering;
});

test("nothing is issued again after the close, also not where it came in the midst of that", async () => {
  const gate = createGate();
  const evictions = createEvictions({
    ...memory,
    async evict(tags) {
      evicted.push(...tags);
      if (evicted.length > 1) await gate.pass();
      return unreplicated();
    },
  });
  await evictions.evict(["menu"]);
  await vi.advanceTimersByTimeAsync(1000);
  await gate.arrived;
  evictions.close();
  gate.open();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(evicted).toHaveLength(2);
});
