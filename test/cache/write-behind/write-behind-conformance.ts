import { afterEach, describe, expect, it } from "vitest";
import {
  type BehindWrite,
  type Cache,
  CacheClosedError,
  type CacheEvent,
  type CacheOptions,
  InvalidOptionError,
  NotCacheableError,
  type WriteBehindOptions,
  WriteQueueFullError,
} from "../../../src/cache/index.js";
import { createGate, type Gate } from "../../support/gate.js";

type Written = Pick<BehindWrite<unknown>, "key" | "value" | "sequence" | "attempt">;

/** An origin that takes batches, refuses older sequences, and counts. */
export function createOriginTable() {
  const rows = new Map<string, { value: unknown; sequence: number }>();
  const batches: Written[][] = [];
  let loads = 0;
  return {
    batches,
    get loads() {
      return loads;
    },
    get writes() {
      return batches.flat();
    },
    value: (key: string) => rows.get(key)?.value,
    seed: (key: string, value: unknown) => void rows.set(key, { value, sequence: 0 }),
    load: (key: string) => async () => {
      loads += 1;
      return rows.get(key)?.value ?? null;
    },
    write(writes: ReadonlyArray<Written>): void {
      batches.push([...writes]);
      for (const { key, value, sequence } of writes) {
        if ((rows.get(key)?.sequence ?? 0) <= sequence) rows.set(key, { value, sequence });
      }
    },
  };
}

/** What `writeBehind` promises its callers in one process, whatever store is behind it. */
export function testWriteBehind(name: string, open: (options: CacheOptions) => Cache): void {
  describe(`${name}, a write behind the cache`, () => {
    const opened: Cache[] = [];
    let last = 0;
    const newName = () => `queue ${++last}`;
    const newKey = () => `behind ${++last}`;

    function createCache(options: CacheOptions = {}): Cache {
      const cache = open({ earlyRefresh: 0, ttlJitter: 0, ...options });
      opened.push(cache);
      return cache;
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((cache) => cache.close()));
    });

    function start(
      more: Partial<WriteBehindOptions<unknown>> & { gate?: Gate; options?: CacheOptions } = {},
    ) {
      const { gate, options, ...given } = more;
      const [cache, origin] = [createCache(options), createOriginTable()];
      const events: CacheEvent[] = [];
      cache.onEvent((event) => events.push(event));
      const queue = cache.writeBehind<unknown>(newName(), {
        delaySeconds: 0,
        retrySeconds: 0.01,
        write: async (writes) => {
          await gate?.pass();
          origin.write(writes);
        },
        ...given,
      });
      return { cache, origin, queue, events };
    }

    const minute = { ttlSeconds: 60 };

    describe("is read", () => {
      it("at once, before the origin has it", async () => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate });
        const key = newKey();
        const options = { ...minute, tags: [key] };
        origin.seed(key, "old");
        await cache.getOrSet(key, options, origin.load(key));
        expect(await queue.put(key, options, "new")).toMatchObject({ stored: true });
        expect(await cache.lookup(key, options, origin.load(key))).toMatchObject({
          value: "new",
          status: "hit",
        });
        expect(await cache.get(key)).toBe("new");
        expect(origin.value(key)).toBe("old");
        gate.open();
        await queue.flush();
        expect(origin.value(key)).toBe("new");
        expect(await queue.health()).toEqual({ pending: 0, deadLetters: 0, oldestSeconds: 0 });
      });

      it("from its entry after the flush, without a load", async () => {
        const { cache, origin, queue } = start({ delaySeconds: 0.05 });
        const key = newKey();
        await queue.flush();
        await queue.put(key, { ...minute, tags: [key] }, { it: "is" });
        await queue.flush();
        const read = await cache.lookup(key, { ...minute, tags: [key] }, origin.load(key));
        expect(read).toMatchObject({ value: { it: "is" }, status: "hit", tags: [key] });
        expect(origin.loads).toBe(0);
      });

      it.each([
        ["a tag is evicted", (cache: Cache, key: string) => cache.evictTags([key])],
        ["the key is deleted", (cache: Cache, key: string) => cache.delete(key)],
        ["everything is cleared", (cache: Cache) => cache.clear()],
      ])("when %s before the flush", async (_, act) => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate });
        const key = newKey();
        const options = { ...minute, tags: [key] };
        origin.seed(key, "old");
        await queue.put(key, options, "new");
        await act(cache, key);
        expect(await cache.get(key)).toBe("new");
        expect(await cache.getOrSet(key, options, origin.load(key))).toBe("new");
        expect(await cache.lookup(key, options, origin.load(key))).toMatchObject({
          value: "new",
          status: "hit",
        });
        await act(cache, key);
        // Filed under tags that only the pin knows, and in an operation that may remember what was before.
        expect(await cache.getOrSet(key, minute, origin.load(key))).toBe("new");
        await act(cache, key);
        expect(await cache.getOrSet(key, { ...options, since: null }, origin.load(key))).toBe(
          "new",
        );
        expect(origin.loads).toBe(0);
        gate.open();
        await queue.flush();
        expect(origin.value(key)).toBe("new");
        await act(cache, key);
        expect(await cache.getOrSet(key, options, origin.load(key))).toBe("new");
        expect(origin.loads).toBe(1);
      });

      it("when its entry expires before the flush", async () => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate });
        const key = newKey();
        origin.seed(key, "old");
        await queue.put(key, { ttlSeconds: 0.02 }, "new");
        await new Promise((resolve) => setTimeout(resolve, 40));
        expect(await cache.get(key)).toBe("new");
        expect(await cache.getOrSet(key, { ttlSeconds: 0.02 }, origin.load(key))).toBe("new");
        expect(origin.loads).toBe(0);
        gate.open();
        await queue.flush();
      });

      it("by operations older than an eviction", async () => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate });
        const key = newKey();
        const options = { ...minute, tags: [key] };
        origin.seed(key, "old");
        const since = await cache.position();
        await queue.put(key, options, "new");
        await cache.evictTags([key]);
        const read = await cache.getOrSet(key, { ...options, since }, origin.load(key));
        expect(read).toBe("new");
        expect(origin.loads).toBe(0);
        gate.open();
      });

      it("by who waited too long for another's lease", async () => {
        const [gate, writing] = [createGate(), createGate()];
        const { cache, origin, queue } = start({ gate, options: { waitSeconds: 0.05 } });
        const key = newKey();
        origin.seed(key, "old");
        await queue.put(key, minute, "new");
        await cache.delete(key);
        const write = cache.writeThrough(key, minute, "newest", () => writing.pass());
        await writing.arrived;
        expect(await cache.lookup(key, minute, origin.load(key))).toMatchObject({
          value: "new",
          status: "bypassed",
        });
        expect(origin.loads).toBe(0);
        for (const one of [gate, writing]) one.open();
        await write;
      });

      it.each([
        ["null", null, { nullTtlSeconds: 0 }],
        ["undefined", undefined, {}],
        ["a Map", new Map([[1, new Date(0)]]), {}],
      ])("as %s", async (_, value, more) => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate });
        const [key, options] = [newKey(), { ...minute, ...more }];
        origin.seed(key, "old");
        await queue.put(key, options, value);
        expect(await cache.getOrSet(key, options, origin.load(key))).toEqual(value);
        expect(origin.loads).toBe(0);
        gate.open();
        await queue.flush();
        expect(origin.writes).toMatchObject([{ key, value }]);
      });

      it("as it was when it was put, whatever its caller does to it then", async () => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate });
        const [key, value] = [newKey(), { it: "was put" }];
        const put = queue.put(key, minute, value);
        value.it = "was changed";
        await put;
        expect(await cache.get(key)).toEqual({ it: "was put" });
        gate.open();
        await queue.flush();
        expect(origin.writes).toMatchObject([{ value: { it: "was put" } }]);
        expect(await cache.get(key)).toEqual({ it: "was put" });
      });

      it("in the place of a fill that began before it", async () => {
        const [gate, loading] = [createGate(), createGate()];
        const { cache, origin, queue } = start({ gate });
        const [key, options] = [newKey(), { ...minute, tags: ["shared"] }];
        const reader = cache.getOrSet(key, options, async () => {
          await loading.pass();
          return "old";
        });
        await loading.arrived;
        await queue.put(key, options, "new");
        loading.open();
        expect(await reader).toBe("old");
        expect(await cache.getOrSet(key, options, origin.load(key))).toBe("new");
        gate.open();
      });
    });

    describe("reaches the origin", () => {
      it("in batches, once for each key, the newest value of it", async () => {
        const gate = createGate();
        const { origin, queue } = start({ gate, batchSize: 10 });
        const first = newKey();
        const held = await queue.put(first, minute, "holds the queue up");
        await gate.arrived;
        const keys = Array.from({ length: 12 }, newKey);
        const newest = new Map<string, number>();
        for (let turn = 0; turn < 3; turn += 1) {
          for (const key of keys) newest.set(key, (await queue.put(key, minute, turn)).sequence);
        }
        gate.open();
        await queue.flush();
        expect(origin.batches[0]).toEqual([
          { key: first, value: "holds the queue up", sequence: held.sequence, attempt: 1 },
        ]);
        for (const batch of origin.batches) {
          expect(batch.length).toBeLessThanOrEqual(10);
          expect(new Set(batch.map(({ key }) => key)).size).toBe(batch.length);
        }
        for (const key of keys) {
          const writes = origin.writes.filter((write) => write.key === key);
          expect(writes.at(-1)).toMatchObject({ value: 2, sequence: newest.get(key) });
          expect(writes.length).toBeLessThanOrEqual(3);
        }
        expect(origin.writes.length).toBeLessThan(37);
      });

      it("with all that joined it in time", async () => {
        const gate = createGate();
        // Until it is told to flush.
        const waits = { delaySeconds: 60, options: { leaseSeconds: 60 } };
        const { origin, queue } = start({ gate, ...waits });
        await queue.put(newKey(), minute, "holds the queue up");
        const flushed = queue.flush();
        await gate.arrived;
        const keys = [newKey(), newKey(), newKey()];
        for (const key of keys) await queue.put(key, minute, 1);
        for (const key of keys) await queue.put(key, minute, 2);
        gate.open();
        await flushed;
        await queue.flush();
        const batches = origin.batches.map((batch) => batch.map(({ value }) => value));
        expect(batches).toEqual([["holds the queue up"], [2, 2, 2]]);
      });

      it("and evicts what else is filed under its tags, then and not before", async () => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate });
        const [key, list] = [newKey(), newKey()];
        const options = { ...minute, tags: [list] };
        origin.seed(key, "old");
        const readList = () => cache.getOrSet(list, options, async () => [origin.value(key)]);
        expect(await readList()).toEqual(["old"]);
        await queue.put(key, options, "new");
        expect(await readList()).toEqual(["old"]);
        gate.open();
        await queue.flush();
        expect(await readList()).toEqual(["new"]);
      });

      it("and loses to an eviction that came while it was written", async () => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate });
        const [key, tag] = [newKey(), newKey()];
        const options = { ...minute, tags: [tag] };
        await queue.put(key, options, "put");
        await gate.arrived;
        await cache.evictTags([tag]);
        gate.open();
        await queue.flush();
        origin.seed(key, "later");
        expect(await cache.getOrSet(key, options, origin.load(key))).toBe("later");
      });

      it("and loses to a deletion that came while it was written, after which it was read", async () => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate });
        const key = newKey();
        await queue.put(key, minute, "put");
        await gate.arrived;
        await cache.delete(key);
        expect(await cache.getOrSet(key, minute, origin.load(key))).toBe("put");
        gate.open();
        await queue.flush();
        origin.seed(key, "later");
        expect(await cache.getOrSet(key, minute, origin.load(key))).toBe("later");
      });

      it("again where it failed, after a while, and counts", async () => {
        let failures = 3;
        const origin = createOriginTable();
        const { cache, queue, events } = start({
          write(writes) {
            failures -= 1;
            if (failures >= 0) throw new Error("The origin has a bad day.");
            origin.write(writes);
          },
        });
        const [key, options] = [newKey(), { ...minute, tags: ["bad day"] }];
        await queue.put(key, options, "new");
        await queue.flush();
        expect(origin.writes).toMatchObject([{ key, value: "new", attempt: 4 }]);
        expect(await cache.get(key)).toBe("new");
        const failed = events.filter((event) => event.type === "writeFailed");
        expect(failed).toMatchObject(
          [1, 2, 3].map((attempt) => ({ attempt, key, queue: queue.name })),
        );
        expect(events.filter(({ type }) => type === "put" || type === "written")).toMatchObject([
          { type: "put", key, queue: queue.name },
          { type: "written", keys: [key], queue: queue.name },
        ]);
      });

      it("in spite of others in its batch that cannot", async () => {
        const origin = createOriginTable();
        const poison = newKey();
        const { queue } = start({
          delaySeconds: 0.1,
          maxAttempts: 10,
          write(writes) {
            if (writes.some(({ key }) => key === poison)) throw new Error("poison");
            origin.write(writes);
          },
        });
        const keys = [
          ...Array.from({ length: 20 }, newKey),
          poison,
          ...Array.from({ length: 20 }, newKey),
        ];
        await Promise.all(keys.map((key) => queue.put(key, minute, key)));
        await queue.flush();
        expect(new Set(origin.writes.map(({ key }) => key))).toEqual(
          new Set(keys.filter((key) => key !== poison)),
        );
        expect(await queue.deadLetters()).toMatchObject([{ key: poison, attempts: 10 }]);
      });

      it("in spite of others in its batch that cannot, also where few attempts are made", async () => {
        const origin = createOriginTable();
        const poison = newKey();
        const { queue } = start({
          delaySeconds: 0.1,
          maxAttempts: 3,
          write(writes) {
            if (writes.some(({ key }) => key === poison)) throw new Error("poison");
            origin.write(writes);
          },
        });
        const keys = [poison, ...Array.from({ length: 19 }, newKey)];
        await Promise.all(keys.map((key) => queue.put(key, minute, key)));
        await queue.flush();
        expect(await queue.deadLetters()).toMatchObject([{ key: poison, attempts: 3 }]);
        expect(new Set(origin.writes.map(({ key }) => key)).size).toBe(19);
      });

      it("after the wait that a failure makes, though a flush waits for it", async () => {
        const origin = createOriginTable();
        const atMs: number[] = [];
        const { queue, events } = start({
          retrySeconds: 0.2,
          write(writes) {
            atMs.push(performance.now());
            if (atMs.length <= 3) throw new Error("The database restarts.");
            origin.write(writes);
          },
        });
        await queue.put(newKey(), minute, 1);
        await queue.flush();
        const waits = events.flatMap((event) =>
          event.type === "writeFailed" ? event.retrySeconds * 1000 : [],
        );
        expect(waits).toHaveLength(3);
        // The first may have failed before the flush, which tries at once what waits when it comes.
        for (const failure of [1, 2]) {
          const waited = (atMs[failure + 1] as number) - (atMs[failure] as number);
          expect(waited).toBeGreaterThan((waits[failure] as number) - 2);
        }
      });

      it("each for itself where the write says which of them failed", async () => {
        const origin = createOriginTable();
        const bad = newKey();
        let tries = 0;
        const { queue } = start({
          delaySeconds: 0.1,
          maxAttempts: 3,
          write(writes) {
            tries += writes.filter(({ key }) => key === bad).length;
            origin.write(writes.filter(({ key }) => key !== bad));
            return writes.map(({ key }) => (key === bad ? new Error("no") : undefined));
          },
        });
        const keys = [newKey(), bad, newKey()];
        await Promise.all(keys.map((key) => queue.put(key, minute, key)));
        await queue.flush();
        expect(origin.writes).toHaveLength(2);
        expect(tries).toBe(3);
        expect(await queue.deadLetters()).toMatchObject([{ key: bad, reason: "Error: no" }]);
      });

      it("once more where it did not end in time", async () => {
        const origin = createOriginTable();
        const signals: AbortSignal[] = [];
        const { queue } = start({
          options: { loadTimeoutSeconds: 0.05 },
          async write(writes, { signal }) {
            signals.push(signal);
            if (signals.length === 1) await new Promise(() => {});
            origin.write(writes);
          },
        });
        await queue.put(newKey(), minute, 1);
        await queue.flush();
        expect(signals[0]?.aborted).toBe(true);
        expect(origin.writes).toMatchObject([{ attempt: 2 }]);
      });
    });

    describe("that fails for good", () => {
      const failing = (more: Partial<WriteBehindOptions<unknown>> = {}) => {
        const origin = createOriginTable();
        let isDown = true;
        const started = start({
          maxAttempts: 2,
          write(writes) {
            if (isDown) throw new RangeError("no such size");
            origin.write(writes);
          },
          ...more,
        });
        const recover = () => {
          isDown = false;
        };
        return { ...started, origin, recover };
      };

      it("is a dead letter, and readers have the origin's value again", async () => {
        const { cache, origin, queue, events } = failing();
        const key = newKey();
        const options = { ...minute, tags: [key] };
        origin.seed(key, "old");
        const { sequence } = await queue.put(key, options, { it: "is new" });
        expect(await cache.get(key)).toEqual({ it: "is new" });
        await queue.flush();
        expect(await cache.getOrSet(key, options, origin.load(key))).toBe("old");
        const [letter] = await queue.deadLetters();
        expect(letter).toEqual({
          id: expect.any(String),
          key,
          value: { it: "is new" },
          sequence,
          attempts: 2,
          reason: "RangeError: no such size",
          failedAt: expect.any(Date),
        });
        expect(await queue.health()).toMatchObject({ pending: 0, deadLetters: 1 });
        expect(events.filter(({ type }) => type === "deadLetter")).toMatchObject([
          { queue: queue.name, key, sequence, attempts: 2, error: expect.any(RangeError) },
        ]);
        const health = await cache.health();
        expect(health.status).toBe("degraded");
        expect(health.problems.join()).toContain(`The queue "${queue.name}" has dead letters`);
      });

      it("is evicted once more when it ends after all, though it was given up", async () => {
        const [origin, gate] = [createOriginTable(), createGate()];
        const { cache, queue } = start({
          options: { loadTimeoutSeconds: 0.05 },
          maxAttempts: 1,
          async write(writes) {
            await gate.pass();
            origin.write(writes);
          },
        });
        const [key, list] = [newKey(), newKey()];
        const options = { ...minute, tags: [key] };
        origin.seed(key, "old");
        await queue.put(key, options, "new");
        await queue.flush();
        const read = (from: string) => cache.getOrSet(from, options, origin.load(key));
        expect([await read(key), await read(list)]).toEqual(["old", "old"]);
        gate.open();
        await expect.poll(() => read(key)).toBe("new");
        await expect.poll(() => read(list)).toBe("new");
      });

      it("is written after all when it is requeued, with its sequence", async () => {
        const { cache, origin, queue, recover } = failing();
        const [key, options] = [newKey(), { ...minute, tags: ["requeued"] }];
        origin.seed(key, "old");
        const { sequence } = await queue.put(key, options, "new");
        await queue.flush();
        expect(await cache.getOrSet(key, options, origin.load(key))).toBe("old");
        const [letter] = await queue.deadLetters();
        recover();
        expect(await queue.requeue(letter!.id)).toBe(true);
        await queue.flush();
        expect(origin.writes).toEqual([{ key, value: "new", sequence, attempt: 1 }]);
        expect(await cache.getOrSet(key, options, origin.load(key))).toBe("new");
        expect(await queue.deadLetters()).toEqual([]);
        expect(await queue.requeue(letter!.id)).toBe(false);
      });

      it("does not come back over a later write when it is requeued", async () => {
        const { cache, origin, queue, recover } = failing();
        const [key, options] = [newKey(), { ...minute, tags: ["later"] }];
        await queue.put(key, options, "first");
        await queue.flush();
        recover();
        await queue.put(key, options, "second");
        await queue.flush();
        const [letter] = await queue.deadLetters();
        await queue.requeue(letter!.id);
        await queue.flush();
        expect(origin.value(key)).toBe("second");
        expect(await cache.getOrSet(key, options, origin.load(key))).toBe("second");
      });

      it("is forgotten when it is discarded", async () => {
        const { cache, queue } = failing();
        await queue.put(newKey(), minute, 1);
        await queue.flush();
        const [letter] = await queue.deadLetters({ limit: 1 });
        expect(await queue.discard(letter!.id)).toBe(true);
        expect(await queue.discard(letter!.id)).toBe(false);
        expect(await queue.deadLetters()).toEqual([]);
        await expect.poll(async () => (await cache.health()).status).toBe("ok");
      });
    });

    describe("is refused", () => {
      it("where the queue is full, dead letters counted", async () => {
        const gate = createGate();
        const { cache, origin, queue } = start({ gate, maxPending: 2 });
        const [a, b, c] = [newKey(), newKey(), newKey()];
        origin.seed(c, "old");
        await queue.put(a, minute, 1);
        await queue.put(b, minute, 1);
        const refused = queue.put(c, minute, 1);
        await expect(refused).rejects.toThrow(WriteQueueFullError);
        await expect(refused).rejects.toMatchObject({ code: "E_WRITE_QUEUE_FULL", key: c });
        expect(await cache.getOrSet(c, minute, origin.load(c))).toBe("old");
        gate.open();
        await queue.flush();
        await queue.put(c, minute, 2);
        await queue.flush();
        expect(origin.writes).toHaveLength(3);
      });

      it("where its value cannot be carried, or is too large", async () => {
        const { origin, queue } = start({ options: { maxValueBytes: 100 } });
        await expect(queue.put(newKey(), minute, () => {})).rejects.toThrow(NotCacheableError);
        await expect(queue.put(newKey(), minute, "x".repeat(101))).rejects.toThrow(
          NotCacheableError,
        );
        await queue.flush();
        expect(origin.writes).toEqual([]);
      });

      it("with a key, options or a name that cannot be used", async () => {
        const { cache, queue } = start();
        await expect(queue.put("", minute, 1)).rejects.toThrow(InvalidOptionError);
        await expect(queue.put("a", { ttlSeconds: 0 }, 1)).rejects.toThrow("ttlSeconds");
        await expect(queue.deadLetters({ limit: 0 })).rejects.toThrow("limit");
        expect(() => cache.writeBehind("", { write: () => {} })).toThrow("A queue's name");
        expect(() => cache.writeBehind(queue.name, { write: () => {} })).toThrow(
          InvalidOptionError,
        );
      });

      it("once its queue or its cache is closed", async () => {
        const { cache, queue } = start();
        await queue.close();
        await queue.close();
        await expect(queue.put(newKey(), minute, 1)).rejects.toThrow(CacheClosedError);
        await expect(queue.flush()).rejects.toThrow(CacheClosedError);
        const again = cache.writeBehind(queue.name, { write: () => {} });
        await cache.close();
        await expect(again.put(newKey(), minute, 1)).rejects.toThrow(CacheClosedError);
        expect(() => cache.writeBehind("late", { write: () => {} })).toThrow(CacheClosedError);
      });
    });

    it("is waited for by a close that comes in the middle of its batch", async () => {
      const gate = createGate();
      const { cache, origin, queue } = start({ gate });
      const key = newKey();
      await queue.put(key, minute, "new");
      await gate.arrived;
      const closing = cache.close();
      gate.open();
      await closing;
      expect(origin.value(key)).toBe("new");
    });

    it("is waited for by a close that comes in the middle of its put", async () => {
      const { cache, queue } = start({ delaySeconds: 60 });
      await queue.health();
      const key = newKey();
      const put = queue.put(key, minute, "new");
      await cache.close();
      expect(await put).toMatchObject({ stored: true });
    });

    it("shows each reader the newest of many writes at once, and the origin as well", async () => {
      const { cache, origin, queue } = start();
      const keys = [newKey(), newKey()];
      const newest = new Map<string, { value: number; sequence: number }>();
      let value = 0;
      await Promise.all(
        Array.from({ length: 60 }, async (_, turn) => {
          const key = keys[turn % 2] as string;
          const own = ++value;
          const { sequence } = await queue.put(key, { ...minute, tags: [key] }, own);
          if (sequence > (newest.get(key)?.sequence ?? 0))
            newest.set(key, { value: own, sequence });
          if (turn % 7 === 0) await cache.evictTags([key]);
        }),
      );
      const options = (key: string) => ({ ...minute, tags: [key] });
      for (const key of keys) {
        expect(await cache.getOrSet(key, options(key), origin.load(key))).toBe(
          newest.get(key)?.value,
        );
      }
      await queue.flush();
      for (const key of keys) {
        expect(origin.value(key)).toBe(newest.get(key)?.value);
        expect(await cache.getOrSet(key, options(key), origin.load(key))).toBe(
          newest.get(key)?.value,
        );
      }
    });
  });
}
