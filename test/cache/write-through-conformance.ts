import { afterEach, describe, expect, it } from "vitest";
import {
  type Cache,
  CacheClosedError,
  type CacheOptions,
  InvalidOptionError,
  LoadQueueTimeoutError,
  LoadTimeoutError,
} from "../../src/cache/index.js";
import { createGate, createGates } from "../support/gate.js";
import { createOrigin } from "../support/origin.js";

/** What `writeThrough` promises, whatever store is behind it. */
export function testWriteThrough(name: string, open: (options: CacheOptions) => Cache): void {
  describe(`${name}, a write through the cache`, () => {
    const opened: Cache[] = [];
    let lastKey = 0;
    const newKey = () => `written ${++lastKey}`;

    function createCache(options: CacheOptions = {}): Cache {
      const cache = open({ earlyRefresh: 0, ttlJitter: 0, ...options });
      opened.push(cache);
      return cache;
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((cache) => cache.close()));
    });

    /** An origin of one value, which counts how often it is read. */
    function createRecord(initial: unknown) {
      let value = initial;
      const origin = createOrigin(() => value);
      return {
        load: origin.load,
        get loads() {
          return origin.loads;
        },
        write: (next: unknown) => () => {
          value = next;
        },
      };
    }

    it("is the entry at once, and asks the origin for nothing", async () => {
      const [cache, key, record] = [createCache(), newKey(), createRecord("old")];
      const options = { ttlSeconds: 60, tags: [key] };
      expect(await cache.writeThrough(key, options, "new", record.write("new"))).toBe(true);
      expect(await cache.lookup(key, options, record.load)).toMatchObject({
        value: "new",
        status: "hit",
        tags: [key],
      });
      expect(await cache.get(key)).toBe("new");
      expect(record.loads).toBe(0);
      expect((await cache.evictTags([key])).entries).toBe(1);
    });

    it("evicts what else is filed under its tags once the origin has it, and not before", async () => {
      const [cache, key, gate, record] = [createCache(), newKey(), createGate(), createRecord(1)];
      const [list, tags] = [`${key} list`, [`${key} tag`]];
      const options = { ttlSeconds: 60, tags };
      await cache.getOrSet(list, options, record.load);
      const writing = cache.writeThrough(key, options, 2, async () => {
        await gate.pass();
        record.write(2)();
      });
      await gate.arrived;
      expect(await cache.get(list)).toBe(1);
      gate.open();
      expect(await writing).toBe(true);
      expect(await cache.get(list)).toBeUndefined();
      expect(await cache.getOrSet(list, options, record.load)).toBe(2);
    });

    it("serves the old entry until it is over", async () => {
      const [cache, key, gate] = [createCache(), newKey(), createGate()];
      const options = { ttlSeconds: 60, tags: [key] };
      await cache.set(key, options, "old");
      const writing = cache.writeThrough(key, options, "new", gate.pass);
      await gate.arrived;
      expect(await cache.getOrSet(key, options, () => "never")).toBe("old");
      gate.open();
      await writing;
      expect(await cache.getOrSet(key, options, () => "never")).toBe("new");
    });

    it.each([
      ["with tags", true],
      ["without", false],
    ])("voids a fill that began before it, %s", async (_, hasTags) => {
      const [cache, key, record] = [createCache(), newKey(), createRecord("old")];
      const { loading, writing } = createGates("loading", "writing");
      const options = { ttlSeconds: 60, tags: hasTags ? [key] : [] };
      const reader = cache.getOrSet(key, options, async () => {
        const value = await record.load();
        await loading.pass();
        return value;
      });
      await loading.arrived;
      const written = cache.writeThrough(key, options, "new", async () => {
        record.write("new")();
        await writing.pass();
      });
      await writing.arrived;
      loading.open();
      expect(await reader).toBe("old");
      expect(await cache.get(key)).toBeUndefined();
      writing.open();
      expect(await written).toBe(true);
      expect(await cache.get(key)).toBe("new");
    });

    it("lets a fill of another key that began before it commit nothing valid", async () => {
      const [cache, key, record] = [createCache(), newKey(), createRecord("old")];
      const { loading } = createGates("loading");
      const [list, options] = [`${key} list`, { ttlSeconds: 60, tags: [key] }];
      const reader = cache.getOrSet(list, options, async () => {
        const value = await record.load();
        await loading.pass();
        return value;
      });
      await loading.arrived;
      await cache.writeThrough(key, options, "new", record.write("new"));
      loading.open();
      expect(await reader).toBe("old");
      expect(await cache.getOrSet(list, options, record.load)).toBe("new");
    });

    it("lets readers who come meanwhile wait for it", async () => {
      const [cache, key, gate, record] = [createCache(), newKey(), createGate(), createRecord(1)];
      const options = { ttlSeconds: 60, tags: [key] };
      const writing = cache.writeThrough(key, options, 2, gate.pass);
      await gate.arrived;
      const readers = [1, 2, 3].map(() => cache.lookup(key, options, record.load));
      await cache.get("a round trip later");
      gate.open();
      expect(await writing).toBe(true);
      for (const reader of await Promise.all(readers)) {
        expect(reader).toMatchObject({ value: 2, status: "waited" });
      }
      expect(record.loads).toBe(0);
    });

    it.each([
      ["evicts a tag", (cache: Cache, key: string) => cache.evictTags([`${key} b`])],
      ["deletes the key", (cache: Cache, key: string) => cache.delete(key)],
      ["clears everything", (cache: Cache) => cache.clear()],
      ["sets the key", (cache: Cache, key: string) => cache.set(key, { ttlSeconds: 60 }, "set")],
    ])("stores nothing if somebody %s meanwhile", async (_, act) => {
      const [cache, key, gate] = [createCache(), newKey(), createGate()];
      const options = { ttlSeconds: 60, tags: [`${key} a`, `${key} b`] };
      const writing = cache.writeThrough(key, options, "written", gate.pass);
      await gate.arrived;
      await act(cache, key);
      gate.open();
      expect(await writing).toBe(false);
      expect(await cache.get(key)).toBeUndefined();
      expect(await cache.getOrSet(key, options, () => "loaded")).toBe("loaded");
    });

    it("stores what was written if only other tags were evicted meanwhile", async () => {
      const [cache, key, gate] = [createCache(), newKey(), createGate()];
      const options = { ttlSeconds: 60, tags: [key] };
      const writing = cache.writeThrough(key, options, "written", gate.pass);
      await gate.arrived;
      await cache.evictTags([`${key} other`]);
      gate.open();
      expect(await writing).toBe(true);
    });

    it("shows what the origin holds after two writes of one key at once", async () => {
      const [cache, key, record] = [createCache(), newKey(), createRecord(0)];
      const options = { ttlSeconds: 60, tags: [key] };
      for (const order of [
        ["first", "second"],
        ["second", "first"],
      ] as const) {
        const gates = createGates("first", "second");
        const write = (name: "first" | "second") =>
          cache.writeThrough(key, options, name, async () => {
            await gates[name].pass();
            record.write(name)();
          });
        const writes = { first: write("first"), second: write("second") };
        await Promise.all([gates.first.arrived, gates.second.arrived]);
        for (const name of order) {
          gates[name].open();
          await writes[name];
        }
        expect(await cache.getOrSet(key, options, record.load)).toBe(order[1]);
      }
    });

    it("passes on what it throws, as it was, and evicts what it may have changed first", async () => {
      const [cache, key, record] = [createCache(), newKey(), createRecord("old")];
      const [list, options] = [`${key} list`, { ttlSeconds: 60, tags: [key] }];
      await cache.getOrSet(list, options, record.load);
      await cache.set(key, { ttlSeconds: 60 }, "old, without tags");
      const thrown = { not: "even an error" };
      const writing = cache.writeThrough(key, options, "new", () => {
        record.write("committed")();
        throw thrown;
      });
      await expect(writing).rejects.toBe(thrown);
      expect(await cache.get(list)).toBeUndefined();
      expect(await cache.lookup(key, options, record.load)).toMatchObject({
        value: "committed",
        status: "miss",
      });
    });

    it("is given up past its deadline, and evicts once more when it ends after all", async () => {
      const [cache, key, record] = [
        createCache({ loadTimeoutSeconds: 0.05 }),
        newKey(),
        createRecord(1),
      ];
      const [options, gate] = [{ ttlSeconds: 60, tags: [key] }, createGate()];
      let signal: AbortSignal | undefined;
      const error = await cache
        .writeThrough(key, options, 2, async (context) => {
          signal = context.signal;
          await gate.pass();
          record.write(2)();
        })
        .catch((reason) => reason);
      expect(error).toBeInstanceOf(LoadTimeoutError);
      expect(error).toMatchObject({
        key,
        message: expect.stringMatching(/^A write must end within/),
      });
      expect(signal?.aborted).toBe(true);
      expect(signal?.reason).toBe(error);
      expect(await cache.getOrSet(key, options, record.load)).toBe(1);
      gate.open();
      await expect.poll(() => cache.getOrSet(key, options, record.load)).toBe(2);
    });

    it.each([
      ["not carriable", () => {}],
      ["too large", "x".repeat(2000)],
      ["a null that is not kept", null],
    ])("reaches the origin, and leaves no entry, with a value that is %s", async (_, value) => {
      const cache = createCache({ maxValueBytes: 1000 });
      const [key, record] = [newKey(), createRecord("old")];
      const options = { ttlSeconds: 60, tags: [key], nullTtlSeconds: 0 };
      await cache.getOrSet(key, { ttlSeconds: 60 }, record.load);
      expect(await cache.writeThrough(key, options, value, record.write("new"))).toBe(false);
      expect(await cache.get(key)).toBeUndefined();
      expect(await cache.lookup(key, options, record.load)).toMatchObject({
        value: "new",
        status: "miss",
      });
    });

    it("keeps its lease while it runs", async () => {
      const cache = createCache({ leaseSeconds: 0.3, waitSeconds: 1 });
      const [key, gate] = [newKey(), createGate()];
      const options = { ttlSeconds: 60, tags: [key] };
      const writing = cache.writeThrough(key, options, "new", gate.pass);
      await gate.arrived;
      // Who waits for more than three lives of the lease finds it held still.
      const waiting = await cache.lookup(key, options, () => "old");
      expect(waiting).toMatchObject({ value: "old", status: "bypassed" });
      gate.open();
      expect(await writing).toBe(true);
    });

    it("waits its turn among the loads, and is not begun where none comes", async () => {
      const cache = createCache({ maxConcurrentLoads: 1, loadTimeoutSeconds: 0.1 });
      const [gate, writes] = [createGate(), createGate()];
      const load = cache.getOrSet(newKey(), { ttlSeconds: 60 }, gate.pass).catch(() => {});
      await gate.arrived;
      const keys = [newKey(), newKey(), newKey()];
      const settled = await Promise.allSettled(
        keys.map((key) => cache.writeThrough(key, { ttlSeconds: 60 }, "new", writes.pass)),
      );
      const refused = settled.filter(
        ({ status, ...how }) =>
          status === "rejected" && "reason" in how && how.reason instanceof LoadQueueTimeoutError,
      );
      expect(refused.length).toBeGreaterThan(0);
      expect(writes.arrivals).toBe(keys.length - refused.length);
      gate.open();
      await load;
      const after = keys.map((key) => cache.lookup(key, { ttlSeconds: 60 }, () => "old"));
      for (const answer of await Promise.all(after)) {
        expect(answer).toMatchObject({ value: "old", status: "miss" });
      }
    });

    it("is ended with its cache, and has evicted by then what it may have changed", async () => {
      const [cache, key, gate] = [createCache(), newKey(), createGate()];
      const evicted: string[] = [];
      cache.onEvent((event) => {
        if (event.type === "evict" && event.delivered) evicted.push(...event.tags);
      });
      const writing = cache.writeThrough(key, { ttlSeconds: 60, tags: [key] }, 1, gate.pass);
      await gate.arrived;
      const closing = cache.close();
      await expect(writing).rejects.toThrow(CacheClosedError);
      await closing;
      expect(evicted).toEqual([key]);
      const late = cache.writeThrough(key, { ttlSeconds: 60 }, 1, () => {});
      await expect(late).rejects.toThrow(CacheClosedError);
      gate.open();
    });

    it("refuses a key or options that cannot be used, before it writes", async () => {
      const [cache, record] = [createCache(), createRecord("old")];
      const write = record.write("new");
      await expect(cache.writeThrough("", { ttlSeconds: 1 }, 1, write)).rejects.toThrow(
        InvalidOptionError,
      );
      await expect(cache.writeThrough("a", { ttlSeconds: 0 }, 1, write)).rejects.toThrow(
        "ttlSeconds",
      );
      expect(await record.load()).toBe("old");
    });
  });
}
