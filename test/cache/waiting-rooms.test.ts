import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Entry } from "../../src/cache/entry.js";
import { StoreUnavailableError } from "../../src/cache/errors.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import type { Reading, Store } from "../../src/cache/store.js";
import { createWaitingRooms, type WaitingRooms } from "../../src/cache/waiting-rooms.js";
import { createWakers } from "../../src/cache/wakers.js";
import { createGate, type Gate } from "../support/gate.js";
import { heapBytes } from "../support/heap.js";

const FIRST = 0;
const never = () => performance.now() + 60_000;

let memory: Store;
/** What reads were sent, and what holds them up. */
let reads: string[];
let beforeReply: Gate | undefined;
let open: { watches: number };
let rooms: WaitingRooms;

beforeEach(() => {
  memory = createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });
  reads = [];
  const watching = { watches: 0 };
  open = watching;
  beforeReply = undefined;
  rooms = createWaitingRooms({
    async read(key, tags) {
      reads.push(key);
      const reading = await memory.read(key, tags);
      await beforeReply?.pass();
      return reading;
    },
    async watch(key) {
      const watch = await memory.watch(key);
      watching.watches += 1;
      return {
        next: () => watch.next(),
        close() {
          watching.watches -= 1;
          watch.close();
        },
      };
    },
  });
});

afterEach(async () => {
  vi.useRealTimers();
  await memory.close();
});

const turns = async (count = 3) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

/** Long enough for whoever was woken to listen for the next wake. */
async function turnOfJobs(): Promise<void> {
  for (let job = 0; job < 5; job += 1) await undefined;
}

describe("those who wait for one key", () => {
  test("share one watch, and one read at each wake", async () => {
    const seen: Array<Promise<Reading>> = [];
    const wait = async () => {
      await rooms.look("menu", [], FIRST);
      const looked = rooms.look("menu", [], never());
      seen.push(looked);
    };
    await Promise.all(Array.from({ length: 100 }, wait));
    await turns();
    expect({ reads: reads.length, ...open }).toEqual({ reads: 1, watches: 1 });
    await memory.delete("menu");
    await Promise.all(seen);
    expect({ reads: reads.length, ...open }).toEqual({ reads: 2, watches: 1 });
  });

  test("have a read of their own where they came while one was under way", async () => {
    const gate = createGate();
    beforeReply = gate;
    const early = rooms.look("menu", [], FIRST);
    await gate.arrived;
    const late = rooms.look("menu", [], FIRST);
    let isLateTold = false;
    late.then(() => {
      isLateTold = true;
    });
    const second = createGate();
    beforeReply = second;
    gate.open();
    await early;
    await second.arrived;
    expect({ reads: reads.length, isLateTold }).toEqual({ reads: 2, isLateTold: false });
    second.open();
    await late;
  });

  test("all leave at once when the store is out of reach, and others may come after them", async () => {
    await rooms.look("menu", [], FIRST);
    const waiting = rooms.look("menu", [], never());
    const gate = createGate();
    beforeReply = gate;
    const asking = rooms.look("list", [], FIRST);
    await gate.arrived;
    const gone = new StoreUnavailableError("gone");
    rooms.leaveAll(gone);
    await expect(waiting).rejects.toBe(gone);
    await expect(asking).rejects.toBe(gone);
    gate.open();
    beforeReply = undefined;
    await turns();
    await rooms.look("menu", [], FIRST);
    expect(reads).toEqual(["menu", "list", "menu"]);
  });

  test("miss no wake that comes while a read is under way", async () => {
    await rooms.look("menu", [], FIRST);
    const gate = createGate();
    beforeReply = gate;
    const newcomer = rooms.look("menu", [], FIRST);
    await gate.arrived;
    await memory.delete("menu");
    gate.open();
    await newcomer;
    await rooms.look("menu", [], never());
    expect(reads).toHaveLength(3);
  });

  test("keep nothing of the wakes that went by, however long somebody is there", async () => {
    const wakers = createWakers();
    const looking = createGate();
    let isFirst = true;
    const busy = createWaitingRooms({
      async read(key, tags) {
        if (!isFirst) await looking.pass();
        isFirst = false;
        return memory.read(key, tags);
      },
      watch: async (key) => wakers.add(key),
    });
    await busy.look("menu", [], FIRST);
    const waiting = busy.look("menu", [], never());
    const before = heapBytes();
    for (let wake = 0; wake < 50_000; wake += 1) {
      wakers.wake("menu");
      await turnOfJobs();
    }
    expect(heapBytes() - before).toBeLessThan(1_000_000);
    looking.open();
    await waiting;
  });

  test("are not told of another's tags", async () => {
    const [one, two] = await Promise.all([
      rooms.look("menu", [], FIRST),
      rooms.look("menu", ["a"], FIRST),
    ]);
    expect(one).not.toBe(two);
    expect(reads).toEqual(["menu", "menu"]);
  });

  test("are not told of another key, whatever it looks like", async () => {
    await Promise.all([
      rooms.look("menu", ["shop:1"], FIRST),
      rooms.look('["menu","shop:1"]', [], FIRST),
      rooms.look('["menu"]', [], FIRST),
      rooms.look("menu", [], FIRST),
    ]);
    expect(reads.sort()).toEqual(['["menu","shop:1"]', '["menu"]', "menu", "menu"]);
  });
});

describe("what a push carries", () => {
  const entry: Entry = {
    token: "",
    birthMs: 0,
    ttlMs: 60_000,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    loadMs: 1,
    tags: ["a"],
    nonces: ["nonce-01"],
    format: 1,
    value: Buffer.from("value"),
  };
  const held = (given: Partial<Reading> = {}): Reading => ({
    sequence: 1,
    token: "leader-1",
    valid: false,
    pass: false,
    doomed: false,
    lease: { token: "leader-1", remainingMs: 60_000, doomed: false },
    versions: new Map([["a", "nonce-01"]]),
    isCoveredBy: () => true,
    ...given,
  });

  /** A room whose reads find this, and whose key's pushes are made by hand. */
  async function waitIn(found: Reading) {
    const wakers = createWakers();
    let sent = 0;
    const hand = createWaitingRooms({
      read: async () => {
        sent += 1;
        return found;
      },
      watch: async (key) => wakers.add(key),
    });
    await hand.look("menu", ["a"], FIRST);
    return { wakers, waiter: hand.look("menu", ["a"], never()), sent: () => sent, hand };
  }

  test("is told without another read to those who saw its lease and its versions", async () => {
    const { wakers, waiter, sent } = await waitIn(held());
    wakers.wake("menu", { token: "leader-1", entry });
    expect(await waiter).toMatchObject({ entry, valid: true, token: "leader-1" });
    expect(sent()).toBe(1);
  });

  test.each<[string, Reading]>([
    ["another lease", held({ lease: { token: "other-01", remainingMs: 60_000, doomed: false } })],
    ["no lease", held({ lease: undefined })],
    ["another version", held({ versions: new Map([["a", "nonce-02"]]) })],
    ["no version", held({ versions: new Map() })],
  ])("is only a wake to those who saw %s", async (_, found) => {
    const { wakers, waiter, sent } = await waitIn(found);
    wakers.wake("menu", { token: "leader-1", entry });
    expect(await waiter).toBe(found);
    expect(sent()).toBe(2);
  });

  test("is only a wake where it is filed under tags that nobody asked for", async () => {
    const { wakers, waiter, sent } = await waitIn(held());
    const nonces = ["nonce-01", "nonce-02"];
    wakers.wake("menu", { token: "leader-1", entry: { ...entry, tags: ["a", "b"], nonces } });
    await waiter;
    expect(sent()).toBe(2);
  });

  test("is not told to those who come when it does: they may have called after an eviction", async () => {
    const { wakers, waiter, sent, hand } = await waitIn(held());
    const newcomer = hand.look("menu", ["a"], FIRST);
    wakers.wake("menu", { token: "leader-1", entry });
    expect((await waiter).valid).toBe(true);
    expect((await newcomer).valid).toBe(false);
    expect(sent()).toBe(2);
  });
});

test("who goes on after a look leaves neither watch nor timer behind", async () => {
  await rooms.look("menu", [], FIRST);
  await turns();
  expect(open.watches).toBe(0);
  await rooms.look("menu", [], FIRST);
  expect(reads).toHaveLength(2);
});

test("an earlier deadline than those of the others is kept", async () => {
  vi.useFakeTimers();
  const reading = rooms.look("menu", [], FIRST);
  await vi.advanceTimersByTimeAsync(1);
  await reading;
  const patient = rooms.look("menu", [], performance.now() + 200);
  await vi.advanceTimersByTimeAsync(10);
  const hasty = rooms.look("menu", [], performance.now() + 30);
  let toldAt = 0;
  hasty.then(() => {
    toldAt = performance.now();
  });
  const askedAt = performance.now();
  await vi.advanceTimersByTimeAsync(31);
  expect(toldAt - askedAt).toBe(30);
  await patient;
});

test("a failed read is told to those who waited for it, and to nobody else", async () => {
  const failure = new StoreUnavailableError("Redis must be in reach, but is not.");
  let isDown = true;
  const broken = createWaitingRooms({
    read: (key, tags) => (isDown ? Promise.reject(failure) : memory.read(key, tags)),
    watch: (key) => memory.watch(key),
  });
  await expect(broken.look("menu", [], FIRST)).rejects.toBe(failure);
  isDown = false;
  expect((await broken.look("menu", [], FIRST)).valid).toBe(false);
});

test("a watch that cannot be had is told to those who came, and tried again for the next", async () => {
  const failure = new StoreUnavailableError("Redis must be in reach, but is not.");
  let tries = 0;
  const broken = createWaitingRooms({
    read: (key, tags) => memory.read(key, tags),
    watch: (key) => (tries++ === 0 ? Promise.reject(failure) : memory.watch(key)),
  });
  await expect(broken.look("menu", [], FIRST)).rejects.toBe(failure);
  expect((await broken.look("menu", [], FIRST)).valid).toBe(false);
});
