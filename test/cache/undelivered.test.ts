import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreUnavailableError } from "../../src/cache/errors.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import type { Store } from "../../src/cache/store.js";
import { createUndelivered } from "../../src/cache/undelivered.js";
import { createGate } from "../support/gate.js";

let memory: Store;

beforeEach(() => {
  memory = createMemoryStore({ maxEntries: 100, maxBytes: 100_000 });
});

afterEach(() => memory.close());

/** A store that notes what is delivered to it; `during` runs before each step is carried out, and may refuse it. */
function createReceiver(during: (step: string) => void | Promise<void> = () => {}) {
  const steps: string[] = [];
  const store: Store = {
    ...memory,
    async evict(tags) {
      await during(`evict ${tags}`);
      steps.push(`evict ${tags}`);
      return memory.evict(tags);
    },
    async delete(key) {
      await during(`delete ${key}`);
      steps.push(`delete ${key}`);
      return memory.delete(key);
    },
    async clear() {
      await during("clear");
      steps.push("clear");
      return memory.clear();
    },
  };
  return { steps, store };
}

describe("what the store has not acknowledged", () => {
  test("is delivered in its order, each once, and then forgotten", async () => {
    const undelivered = createUndelivered();
    const { steps, store } = createReceiver();
    undelivered.addTags(["b", "a"]);
    undelivered.addKey("k");
    undelivered.addTags(["a", "c"]);
    undelivered.addKey("k");
    expect(undelivered.size).toBe(4);
    await undelivered.deliver(store);
    expect(steps).toEqual(["evict b,a,c", "delete k"]);
    expect(undelivered.size).toBe(0);
    await undelivered.deliver(store);
    expect(steps).toHaveLength(2);
  });

  test("tells a tag from a key of the same name", async () => {
    const undelivered = createUndelivered();
    const { steps, store } = createReceiver();
    undelivered.addTags(["menu"]);
    undelivered.addKey("menu");
    await undelivered.deliver(store);
    expect(steps).toEqual(["evict menu", "delete menu"]);
  });

  test("goes in steps of a bounded size", async () => {
    const undelivered = createUndelivered();
    const sizes: number[] = [];
    const { store } = createReceiver((step) => void sizes.push(step.split(",").length));
    undelivered.addTags(Array.from({ length: 1_200 }, (_, index) => `tag${index}`));
    await undelivered.deliver(store);
    expect(sizes).toEqual([500, 500, 200]);
  });

  test("is nothing where nothing was added", async () => {
    const { steps, store } = createReceiver();
    await createUndelivered().deliver(store);
    expect(steps).toEqual([]);
  });
});

describe("a delivery that fails", () => {
  const lost = new StoreUnavailableError("gone");

  test.each(["evict a", "delete k", "clear"])(
    "at %s keeps what failed, and is made good later",
    async (failing) => {
      const undelivered = createUndelivered();
      if (failing === "clear") undelivered.addEverything();
      undelivered.addTags(["a"]);
      undelivered.addKey("k");
      const size = undelivered.size;
      const broken = createReceiver((step) => {
        if (step === failing) throw lost;
      });
      await expect(undelivered.deliver(broken.store)).rejects.toBe(lost);
      expect(undelivered.size).toBe(size);

      const whole = createReceiver();
      await undelivered.deliver(whole.store);
      expect(whole.steps).toContain(failing);
      expect(undelivered.size).toBe(0);
    },
  );

  test("does not deliver again what was acknowledged before it failed", async () => {
    const undelivered = createUndelivered();
    undelivered.addTags(Array.from({ length: 501 }, (_, index) => `tag${index}`));
    const broken = createReceiver((step) => {
      if (step === "evict tag500") throw lost;
    });
    await expect(undelivered.deliver(broken.store)).rejects.toBe(lost);
    expect(undelivered.size).toBe(1);
    const whole = createReceiver();
    await undelivered.deliver(whole.store);
    expect(whole.steps).toEqual(["evict tag500"]);
  });
});

describe("what is added while a delivery is under way", () => {
  test("is delivered by it", async () => {
    const undelivered = createUndelivered();
    undelivered.addTags(["a"]);
    const gate = createGate();
    const { steps, store } = createReceiver((step) =>
      step === "evict a" ? gate.pass() : undefined,
    );
    const delivery = undelivered.deliver(store);
    await gate.arrived;
    undelivered.addTags(["b"]);
    gate.open();
    await delivery;
    expect(steps).toEqual(["evict a", "evict b"]);
    expect(undelivered.size).toBe(0);
  });

  test("is delivered again where it was on its way already: it may have come too late for that", async () => {
    const undelivered = createUndelivered();
    undelivered.addTags(["a"]);
    undelivered.addKey("k");
    const gate = createGate();
    const { steps, store } = createReceiver(() => (gate.isOpen ? undefined : gate.pass()));
    const delivery = undelivered.deliver(store);
    await gate.arrived;
    undelivered.addTags(["a"]);
    undelivered.addKey("k");
    gate.open();
    await delivery;
    expect(steps).toEqual(["evict a", "delete k", "evict a", "delete k"]);
  });

  test("follows where everything was on its way", async () => {
    const undelivered = createUndelivered();
    undelivered.addEverything();
    const gate = createGate();
    const { steps, store } = createReceiver((step) => (step === "clear" ? gate.pass() : undefined));
    const delivery = undelivered.deliver(store);
    await gate.arrived;
    undelivered.addTags(["a"]);
    undelivered.addKey("k");
    gate.open();
    await delivery;
    expect(steps).toEqual(["clear", "evict a", "delete k"]);
    expect(undelivered.size).toBe(0);
  });

  test("is everything again where everything was on its way", async () => {
    const undelivered = createUndelivered();
    undelivered.addEverything();
    const gate = createGate();
    const { steps, store } = createReceiver(() => gate.pass());
    const delivery = undelivered.deliver(store);
    await gate.arrived;
    undelivered.addEverything();
    gate.open();
    await delivery;
    await undelivered.deliver(store);
    expect(steps).toEqual(["clear", "clear"]);
    expect(undelivered.size).toBe(0);
  });
});

describe("too much to remember", () => {
  test("is replaced by one eviction of everything", async () => {
    const undelivered = createUndelivered(3);
    undelivered.addTags(["a", "b"]);
    undelivered.addKey("k");
    expect(undelivered.size).toBe(3);
    undelivered.addTags(["a"]);
    expect(undelivered.size).toBe(3);
    undelivered.addTags(["c"]);
    expect(undelivered.size).toBe(1);
    undelivered.addTags(["d", "e", "f", "g"]);
    expect(undelivered.size).toBe(1);
    const { steps, store } = createReceiver();
    await undelivered.deliver(store);
    expect(steps).toEqual(["clear"]);
    expect(undelivered.size).toBe(0);
  });

  test("is forgotten with the delivery: later evictions are told one by one again", async () => {
    const undelivered = createUndelivered(1);
    undelivered.addTags(["a", "b"]);
    const { steps, store } = createReceiver();
    await undelivered.deliver(store);
    undelivered.addTags(["c"]);
    await undelivered.deliver(store);
    expect(steps).toEqual(["clear", "evict c"]);
  });
});

describe("what an undelivered eviction concerns", () => {
  test("is its tags and its key, until it is delivered", async () => {
    const undelivered = createUndelivered();
    undelivered.addTags(["a"]);
    undelivered.addKey("k");
    expect(undelivered.covers("other", ["b", "a"])).toBe(true);
    expect(undelivered.covers("k", [])).toBe(true);
    expect(undelivered.covers("a", ["k"])).toBe(false);
    await undelivered.deliver(memory);
    expect(undelivered.covers("k", ["a"])).toBe(false);
  });

  test("is everything where everything was evicted, also while that is on its way", async () => {
    const undelivered = createUndelivered();
    undelivered.addEverything();
    expect(undelivered.covers("any", [])).toBe(true);
    const gate = createGate();
    const { store } = createReceiver(() => gate.pass());
    const delivering = undelivered.deliver(store);
    await gate.arrived;
    expect(undelivered.covers("any", [])).toBe(true);
    gate.open();
    await delivering;
    expect(undelivered.covers("any", [])).toBe(false);
  });
});
