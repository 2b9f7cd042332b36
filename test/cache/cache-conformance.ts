import { afterEach, describe, expect, it } from "vitest";
import {
  type Cache,
  CacheClosedError,
  type CacheEvent,
  type CacheOptions,
  InvalidOptionError,
  LoadQueueTimeoutError,
  LoadTimeoutError,
} from "../../src/cache/index.js";
import { createGate } from "../support/gate.js";
import { createOrigin } from "../support/origin.js";

/** What a cache promises its callers in one process, whatever store is behind it. */
export function testCache(name: string, open: (options: CacheOptions) => Cache): void {
  describe(`${name}, as a cache`, () => {
    const opened: Cache[] = [];
    let lastKey = 0;
    const newKey = () => `key ${++lastKey}`;

    function createCache(options: CacheOptions = {}): Cache {
      const cache = open({ earlyRefresh: 0, ttlJitter: 0, ...options });
      opened.push(cache);
      return cache;
    }

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((cache) => cache.close()));
    });

    const minute = { ttlSeconds: 60 };

    describe("one fill for many callers", () => {
      it("loads once for a hundred callers at once, and once more never", async () => {
        const cache = createCache();
        const [key, origin] = [newKey(), createOrigin("menu")];
        const answers = await Promise.all(
          Array.from({ length: 100 }, () => cache.lookup(key, minute, origin.load)),
        );
        expect(answers.map(({ value }) => value)).toEqual(Array(100).fill("menu"));
        expect(answers.filter(({ status }) => status === "miss")).toHaveLength(1);
        expect(answers.filter(({ status }) => status === "waited")).toHaveLength(99);
        expect(await cache.lookup(key, minute, origin.load)).toMatchObject({ status: "hit" });
        expect(origin.loads).toBe(1);
      });

      it("lets callers of later ticks join the load that is under way", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const origin = createOrigin("menu", gate);
        const first = cache.getOrSet(key, { ...minute, tags: [key] }, origin.load);
        await gate.arrived;
        const later = cache.lookup(key, { ...minute, tags: [key] }, origin.load);
        await cache.getOrSet(newKey(), minute, () => "a round trip later");
        gate.open();
        expect(await first).toBe("menu");
        expect(await later).toMatchObject({ value: "menu", status: "waited" });
        expect(origin.loads).toBe(1);
      });

      it("gives every caller a value of its own (pitfall 27)", async () => {
        const cache = createCache();
        const [key, origin] = [newKey(), createOrigin(() => ({ sizes: [1, 2] }))];
        const get = () => cache.getOrSet(key, minute, origin.load) as Promise<{ sizes: number[] }>;
        for (const value of await Promise.all([get(), get(), get()])) {
          expect(value).toEqual({ sizes: [1, 2] });
          value.sizes.push(3);
        }
        const hit = await get();
        expect(hit).toEqual({ sizes: [1, 2] });
        hit.sizes.length = 0;
        expect(await get()).toEqual({ sizes: [1, 2] });
      });

      it("lets each caller load for itself what cannot be copied for it", async () => {
        const cache = createCache();
        const origin = createOrigin(() => ({ read: () => "its own" }));
        const key = newKey();
        const answers = await Promise.all(
          [1, 2, 3].map(() => cache.getOrSet(key, minute, origin.load)),
        );
        expect(new Set(answers).size).toBe(3);
        expect(origin.loads).toBe(3);
      });

      it("is not failed by a serializer that cannot read what it wrote", async () => {
        const cache = createCache({
          serializer: {
            serialize: () => Buffer.from("written"),
            deserialize: () => {
              throw new Error("cannot read it");
            },
          },
        });
        const key = newKey();
        const callers = [1, 2, 3].map(() => cache.getOrSet(key, minute, () => "value"));
        expect(await Promise.all(callers)).toEqual(["value", "value", "value"]);
        expect(await cache.getOrSet(key, minute, () => "value")).toBe("value");
      });

      it("loads for itself, without storing, once it has waited long enough", async () => {
        const cache = createCache({ waitSeconds: 0.05 });
        const [key, gate] = [newKey(), createGate()];
        const slow = createOrigin("slow", gate);
        const ownGate = createGate();
        const own = createOrigin("own", ownGate);
        const leader = cache.getOrSet(key, minute, slow.load);
        await gate.arrived;
        const impatient = [1, 2, 3].map(() => cache.lookup(key, minute, own.load));
        await ownGate.arrived;
        // All three came within a tick, so all three are past their deadline when this timer ends.
        await new Promise((resolve) => setTimeout(resolve, 50));
        ownGate.open();
        expect((await Promise.all(impatient)).map(({ value, status }) => [value, status])).toEqual(
          Array(3).fill(["own", "bypassed"]),
        );
        expect(own.loads).toBe(1);
        gate.open();
        await leader;
        expect(await cache.get(key)).toBe("slow");
      });

      it("bounds how many loads run at once, and lets the others wait their turn", async () => {
        const cache = createCache({ maxConcurrentLoads: 2 });
        const gate = createGate();
        const origin = createOrigin("value", gate);
        const all = Array.from({ length: 5 }, () => cache.getOrSet(newKey(), minute, origin.load));
        await gate.arrivedTimes(2);
        await cache.get("a round trip later");
        expect(origin.loads).toBe(2);
        gate.open();
        await Promise.all(all);
        expect(origin.loads).toBe(5);
      });

      it("counts the loads of one group as one, and begins them in one tick", async () => {
        const cache = createCache({ maxConcurrentLoads: 1 });
        const gate = createGate();
        const origin = createOrigin("value", gate);
        const loadGroup = {};
        const all = Array.from({ length: 100 }, () =>
          cache.getOrSet(newKey(), { ...minute, loadGroup }, origin.load),
        );
        await gate.arrived;
        await new Promise(process.nextTick);
        expect(origin.loads).toBe(100);
        gate.open();
        await Promise.all(all);
      });

      it("refuses a load that found no room in time", async () => {
        const cache = createCache({ maxConcurrentLoads: 1, loadTimeoutSeconds: 0.05 });
        const gate = createGate();
        const origin = createOrigin("value", gate);
        const first = cache.getOrSet(newKey(), minute, origin.load).catch((error) => error);
        await gate.arrived;
        await expect(
          Promise.all([1, 2].map(() => cache.getOrSet(newKey(), minute, origin.load))),
        ).rejects.toThrow(LoadQueueTimeoutError);
        gate.open();
        await first;
      });
    });

    describe("no stale read after an eviction", () => {
      it("loads anew after its tag was evicted", async () => {
        const cache = createCache();
        const [key, origin] = [newKey(), createOrigin((load: number) => load)];
        const options = { ...minute, tags: [key] };
        expect(await cache.getOrSet(key, options, origin.load)).toBe(1);
        expect(await cache.evictTags([key])).toEqual({ delivered: true, entries: 1 });
        expect(await cache.getOrSet(key, options, origin.load)).toBe(2);
        expect(await cache.getOrSet(key, options, origin.load)).toBe(2);
      });

      it("never serves what a load under way at the eviction brings home", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const options = { ...minute, tags: [key] };
        const old = createOrigin("old", gate);
        const young = createOrigin("new");
        const begun = cache.getOrSet(key, options, old.load);
        await gate.arrived;
        await cache.evictTags([key]);
        gate.open();
        expect(await begun).toBe("old");
        expect(await cache.getOrSet(key, options, young.load)).toBe("new");
      });

      it("does not let a caller join a load that began before the eviction (pitfall 15)", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const options = { ...minute, tags: [key] };
        const old = createOrigin("old", gate);
        const young = createOrigin("new");
        const begun = cache.getOrSet(key, options, old.load);
        await gate.arrived;
        await cache.evictTags([key]);
        expect(await cache.getOrSet(key, options, young.load)).toBe("new");
        gate.open();
        expect(await begun).toBe("old");
        expect(await cache.get(key)).toBe("new");
      });

      it("holds for a key that was deleted, in the same way", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const old = createOrigin("old", gate);
        const young = createOrigin("new");
        const begun = cache.getOrSet(key, minute, old.load);
        await gate.arrived;
        expect(await cache.delete(key)).toBe(true);
        expect(await cache.getOrSet(key, minute, young.load)).toBe("new");
        gate.open();
        expect(await begun).toBe("old");
        expect(await cache.get(key)).toBe("new");
      });

      it("holds for tags that only the result knows", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const tag = `${key} result`;
        const origin = createOrigin((load: number) => load, gate);
        const load = async (context: { addTags(...tags: string[]): void }) => {
          context.addTags(tag);
          return origin.load();
        };
        const begun = cache.getOrSet(key, minute, load);
        await gate.arrived;
        await cache.evictTags([tag]);
        gate.open();
        expect(await begun).toBe(1);
        expect(await cache.get(key)).toBeUndefined();
        // The marker that the refused commit left passes; then the next fill is stored.
        await expect
          .poll(() => cache.lookup(key, minute, load).then(({ status }) => status), {
            timeout: 5000,
          })
          .toBe("hit");
        await cache.evictTags([tag]);
        expect(await cache.get(key)).toBeUndefined();
      });

      it("does not hand a joiner what a tag of the result was evicted for before it came", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const tag = `${key} result`;
        const old = createOrigin("old", gate);
        const begun = cache.getOrSet(key, minute, (context) => {
          context.addTags(tag);
          return old.load();
        });
        await gate.arrived;
        await cache.evictTags([tag]);
        const joiner = cache.getOrSet(key, minute, () => "new");
        await cache.get("a round trip later");
        gate.open();
        expect(await begun).toBe("old");
        expect(await joiner).toBe("new");
      });

      it.each([
        ["too large", "x".repeat(2000)],
        ["not carriable", Object.assign(() => {}, { it: "is a function" })],
        ["kept for no time", 1],
        ["a null that is not kept", null],
      ])(
        "does not hand a joiner a result that is %s, and evicted before it came",
        async (what, old) => {
          const cache = createCache({ maxValueBytes: 1000 });
          const [key, gate] = [newKey(), createGate()];
          const tag = `${key} result`;
          const begun = cache.getOrSet(key, { ...minute, nullTtlSeconds: 0 }, async (context) => {
            context.addTags(tag);
            if (what === "kept for no time") context.setTtlSeconds(0);
            await gate.pass();
            return old;
          });
          await gate.arrived;
          await cache.evictTags([tag]);
          const joiner = cache.getOrSet<unknown>(key, minute, () => "new");
          await cache.get("a round trip later");
          gate.open();
          expect(await begun).toBe(old);
          expect(await joiner).toBe("new");
        },
      );

      it("does not hand one operation's memory to another that called after an eviction", async () => {
        const cache = createCache();
        const key = newKey();
        const tag = `${key} result`;
        const since = await cache.position();
        await cache.evictTags([tag]);
        const inOperation = (value: string) =>
          cache.getOrSet(key, { ...minute, since, loadGroup: {} }, (context) => {
            context.addTags(tag);
            return value;
          });
        const both = [inOperation("remembered from before"), inOperation("loaded now")];
        expect(await Promise.all(both)).toEqual(["remembered from before", "loaded now"]);
      });

      it("shares one load that is not stored among those who called before it began", async () => {
        const cache = createCache({ maxValueBytes: 10 });
        const origin = createOrigin("x".repeat(100));
        const key = newKey();
        const answers = await Promise.all(
          Array.from({ length: 20 }, () =>
            cache.getOrSet(key, minute, (context) => {
              context.addTags(`${key} result`);
              return origin.load();
            }),
          ),
        );
        expect(new Set(answers).size).toBe(1);
        expect(origin.loads).toBe(1);
      });

      it("begins one load for all who came during one that stores nothing by its own choice", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const origin = createOrigin((loads: number) => loads, gate);
        const ask = () =>
          cache.getOrSet(key, minute, (context) => {
            context.setTtlSeconds(0);
            return origin.load();
          });
        await cache.getOrSet(key, minute, ({ setTtlSeconds }) => setTtlSeconds(0));
        const first = ask();
        await gate.arrived;
        const later = Array.from({ length: 20 }, ask);
        await cache.getOrSet(newKey(), minute, () => "a round trip later");
        gate.open();
        expect(await first).toBe(1);
        expect(new Set(await Promise.all(later))).toEqual(new Set([2]));
      });

      it("lets an operation share a load of none that is not stored, and leaves open how old that is", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const tagged = { ...minute, tags: [key] };
        const fails = () => Promise.reject(new Error("leaves a marker"));
        await cache.getOrSet(key, tagged, fails).catch(() => {});
        const origin = createOrigin("menu", gate);
        const plain = cache.lookup(key, tagged, origin.load);
        await gate.arrived;
        const since = await cache.position();
        const ofOperation = cache.lookup(key, { ...tagged, since }, origin.load);
        await cache.getOrSet(newKey(), minute, () => "a round trip later");
        gate.open();
        expect(await plain).toMatchObject({ value: "menu", status: "bypassed" });
        expect(await ofOperation).toMatchObject({ value: "menu", since: null });
        expect(origin.loads).toBe(1);
      });

      it("takes no entry for a hit that is filed under fewer tags than the caller's", async () => {
        const cache = createCache();
        const key = newKey();
        const tags = [`${key} a`, `${key} b`];
        await cache.getOrSet(key, { ...minute, tags: tags.slice(0, 1) }, () => "filed under a");
        await cache.evictTags(tags.slice(1));
        const get = () => cache.getOrSet(key, { ...minute, tags }, () => "filed under both");
        expect(await get()).toBe("filed under both");
        const fewer = { ...minute, tags: tags.slice(1) };
        expect(await cache.getOrSet(key, fewer, () => "never")).toBe("filed under both");
        await cache.evictTags(tags.slice(1));
        expect(await cache.get(key)).toBeUndefined();
      });

      it("returns but does not store what an operation older than the eviction loads", async () => {
        const cache = createCache();
        const [key, origin] = [newKey(), createOrigin((load: number) => load)];
        const tags = [key];
        const since = await cache.position();
        await cache.evictTags(tags);
        const old = await cache.lookup(key, { ...minute, tags, since }, origin.load);
        expect(old).toMatchObject({ value: 1, status: "bypassed" });
        expect(await cache.get(key)).toBeUndefined();
        const young = { ...minute, tags, since: await cache.position() };
        expect(await cache.lookup(key, young, origin.load)).toMatchObject({ status: "miss" });
        expect(await cache.lookup(key, young, origin.load)).toMatchObject({ status: "hit" });
      });

      it("stores nothing that an operation remembers from before the key was deleted", async () => {
        const cache = createCache();
        const [key, origin] = [newKey(), createOrigin((load: number) => load)];
        const since = await cache.position();
        await cache.delete(key);
        const old = await cache.lookup(key, { ...minute, since }, origin.load);
        expect(old).toMatchObject({ value: 1, status: "bypassed" });
        expect(await cache.set(key, { ...minute, since }, "old")).toBe(false);
        expect(await cache.get(key)).toBeUndefined();
        const young = { ...minute, since: await cache.position() };
        expect(await cache.lookup(key, young, origin.load)).toMatchObject({ status: "miss" });
        expect(await cache.lookup(key, young, origin.load)).toMatchObject({ status: "hit" });
      });

      it("stores what an operation loads if only another key was deleted meanwhile", async () => {
        const cache = createCache();
        const key = newKey();
        const since = await cache.position();
        await cache.delete(newKey());
        await cache.getOrSet(key, { ...minute, since }, () => "value");
        expect(await cache.get(key)).toBe("value");
      });

      it("stores nothing that an operation remembers from before everything was cleared", async () => {
        const cache = createCache();
        const key = newKey();
        const since = await cache.position();
        await cache.clear();
        expect(await cache.lookup(key, { ...minute, since }, () => 1)).toMatchObject({
          status: "bypassed",
        });
        expect(await cache.get(key)).toBeUndefined();
      });

      it("stores what an operation loads if only other tags were evicted meanwhile", async () => {
        const cache = createCache();
        const key = newKey();
        const tags = [key];
        await cache.getOrSet(newKey(), { ...minute, tags }, () => "gives the tag a version");
        await cache.getOrSet(newKey(), { ...minute, tags }, () => "and a position");
        const since = await cache.position();
        await cache.evictTags([`${key} other`]);
        await cache.getOrSet(key, { ...minute, tags, since }, () => "value");
        expect(await cache.get(key)).toBe("value");
      });

      it.each<[string, CacheOptions]>([
        ["", {}],
        [", also where it is too large", { maxValueBytes: 2 }],
      ])(
        "returns but does not store what a load has seen from before an eviction, and gives it to nobody else%s",
        async (_also, limits) => {
          const cache = createCache(limits);
          const [key, gate] = [newKey(), createGate()];
          const before = await cache.position();
          await cache.evictTags([key]);
          const since = await cache.position();
          const options = { ...minute, tags: [key], since };
          const old = cache.lookup(key, options, async (load) => {
            await gate.pass();
            load.setSince(before);
            return "old";
          });
          await gate.arrived;
          const joined = cache.lookup(key, options, () => "new");
          gate.open();
          expect(await old).toMatchObject({ value: "old", since: before, remainingSeconds: 0 });
          expect((await joined).value).toBe("new");
          expect(await cache.get(key)).not.toBe("old");
        },
      );

      it("tells with an entry how old the operation was that it was loaded for", async () => {
        const cache = createCache();
        const key = newKey();
        const since = await cache.position();
        await cache.evictTags([`${key} other`]);
        await cache.getOrSet(key, { ...minute, since }, () => 1);
        expect(await cache.lookup(key, minute, () => 2)).toMatchObject({ value: 1, since });
      });

      it("stores nothing for an operation whose age nobody knows", async () => {
        const cache = createCache();
        const key = newKey();
        const options = { ...minute, since: null };
        expect(await cache.lookup(key, options, () => 1)).toMatchObject({ status: "bypassed" });
        expect(await cache.get(key)).toBeUndefined();
      });

      it("clears everything", async () => {
        const cache = createCache();
        const [a, b] = [newKey(), newKey()];
        await cache.getOrSet(a, { ...minute, tags: [a] }, () => 1);
        await cache.getOrSet(b, minute, () => 1);
        await cache.clear();
        expect(await cache.get(a)).toBeUndefined();
        expect(await cache.get(b)).toBeUndefined();
        expect(await cache.estimateEntries()).toBe(0);
      });
    });

    describe("errors", () => {
      it("throws what the load threw, as it was, to all who waited for it", async () => {
        const cache = createCache();
        const gate = createGate();
        const thrown = new RangeError("No such pizza.");
        const load = async () => {
          await gate.pass();
          throw thrown;
        };
        const key = newKey();
        const callers = [1, 2, 3].map(() => cache.getOrSet(key, minute, load));
        await gate.arrived;
        gate.open();
        for (const caller of await Promise.allSettled(callers)) {
          expect(caller.status === "rejected" && caller.reason).toBe(thrown);
        }
        expect(gate.arrivals).toBe(1);
      });

      it("takes a load that throws at once as one that rejects", async () => {
        const cache = createCache();
        const thrown = { not: "even an error" };
        await expect(
          cache.getOrSet(newKey(), minute, () => {
            throw thrown;
          }),
        ).rejects.toBe(thrown);
      });

      it("caches no error: the next caller loads, without waiting for anybody", async () => {
        const cache = createCache();
        const key = newKey();
        await expect(cache.getOrSet(key, minute, () => Promise.reject("down"))).rejects.toBe(
          "down",
        );
        expect(await cache.lookup(key, minute, () => "up")).toMatchObject({
          value: "up",
          status: "bypassed",
        });
        // The marker that keeps waiters from queueing up behind failing loads has passed a second later.
        await expect
          .poll(() => cache.lookup(key, minute, () => "up").then(({ status }) => status), {
            timeout: 5000,
          })
          .toBe("hit");
      });

      it("ends a load that runs too long, and aborts its signal", async () => {
        const cache = createCache({ loadTimeoutSeconds: 0.03 });
        let signal: AbortSignal | undefined;
        const key = newKey();
        const error = await cache
          .getOrSet(key, minute, (context) => {
            signal = context.signal;
            return new Promise(() => {});
          })
          .catch((reason) => reason);
        expect(error).toBeInstanceOf(LoadTimeoutError);
        expect(error).toMatchObject({ code: "E_LOAD_TIMEOUT", key });
        expect(signal?.aborted).toBe(true);
        expect(signal?.reason).toBe(error);
      });

      it("reports what it cannot carry once a key, and returns it all the same", async () => {
        const events: CacheEvent[] = [];
        const cache = createCache({ onEvent: (event) => events.push(event) });
        const key = newKey();
        const value = { toString: () => "a function" };
        expect(await cache.getOrSet(key, minute, () => value)).toBe(value);
        expect(await cache.getOrSet(key, minute, () => value)).toBe(value);
        const errors = events.filter(({ type }) => type === "error");
        expect(errors).toMatchObject([{ key, error: { code: "E_NOT_CACHEABLE" } }]);
        expect(await cache.get(key)).toBeUndefined();
      });

      it("is not failed by a listener that throws", async () => {
        const cache = createCache();
        const warnings: unknown[] = [];
        process.once("warning", (warning) => warnings.push(warning));
        const stop = cache.onEvent((event) => {
          if (event.type === "miss") throw new Error("a listener's fault");
        });
        expect(await cache.getOrSet(newKey(), minute, () => 1)).toBe(1);
        stop();
        await new Promise(setImmediate);
        expect(warnings).toMatchObject([
          { code: "E_LISTENER", message: expect.stringContaining("a listener's fault") },
        ]);
      });
    });

    describe("values", () => {
      it.each([null, undefined, false, 0, "", Number.NaN, 12n, new Date(0), [], {}])(
        "takes a cached %o for a hit",
        async (value) => {
          const cache = createCache();
          const [key, origin] = [newKey(), createOrigin(value)];
          await cache.getOrSet(key, minute, origin.load);
          const second = await cache.lookup(key, minute, origin.load);
          expect(second).toMatchObject({ status: "hit" });
          expect(second.value).toEqual(value);
          expect(origin.loads).toBe(1);
        },
      );

      it("keeps no null where nullTtlSeconds is 0, and makes nobody wait for it", async () => {
        const cache = createCache();
        const [key, origin] = [newKey(), createOrigin(null)];
        const options = { ...minute, nullTtlSeconds: 0 };
        expect(await cache.lookup(key, options, origin.load)).toMatchObject({ status: "miss" });
        expect(await cache.lookup(key, options, origin.load)).toMatchObject({ status: "bypassed" });
        expect(origin.loads).toBe(2);
      });

      it("keeps a null for its own time", async () => {
        const cache = createCache();
        const [key, options] = [newKey(), { ...minute, nullTtlSeconds: 0.03 }];
        await cache.getOrSet(key, options, () => null);
        expect(await cache.lookup(key, options, () => null)).toMatchObject({ status: "hit" });
        await expect.poll(() => cache.getOrSet(key, options, () => "value")).toBe("value");
      });

      it("stores no value above the limit", async () => {
        const cache = createCache({ maxValueBytes: 1000 });
        const key = newKey();
        const value = "x".repeat(1001);
        expect(await cache.getOrSet(key, minute, () => value)).toBe(value);
        expect(await cache.get(key)).toBeUndefined();
        expect(await cache.set(key, minute, value)).toBe(false);
        expect(await cache.set(key, minute, value.slice(1))).toBe(true);
      });

      it("takes ttl and tags from the result", async () => {
        const cache = createCache();
        const key = newKey();
        const first = await cache.lookup(key, { ...minute, tags: [`${key} a`] }, (context) => {
          context.addTags(`${key} b`, `${key} a`, `${key} c`);
          context.setTtlSeconds(1000);
          return 1;
        });
        expect(first.tags).toEqual([`${key} a`, `${key} b`, `${key} c`]);
        expect(first.remainingSeconds).toBe(1000);
        expect(await cache.lookup(key, minute, () => 2)).toMatchObject({
          value: 1,
          tags: first.tags,
        });
        expect((await cache.evictTags([`${key} c`])).entries).toBe(1);
      });

      it("stores nothing for a load that sets its ttl to 0", async () => {
        const cache = createCache();
        const key = newKey();
        await cache.getOrSet(key, minute, (context) => {
          context.setTtlSeconds(0);
          return 1;
        });
        expect(await cache.get(key)).toBeUndefined();
      });

      it("names the tags of an entry in a list that leaves the entry as it is, whatever a caller does to it", async () => {
        const cache = createCache();
        const key = newKey();
        const options = { ...minute, tags: [`${key} a`, `${key} b`] };
        for (const status of ["miss", "hit", "hit"]) {
          const found = await cache.lookup(key, options, () => "value");
          expect(found).toMatchObject({ status, tags: options.tags });
          try {
            (found.tags as string[]).length = 0;
          } catch {}
        }
      });

      it("expires", async () => {
        const cache = createCache();
        const [key, origin] = [newKey(), createOrigin((load: number) => load)];
        const get = () => cache.getOrSet(key, { ttlSeconds: 0.03 }, origin.load);
        expect(await get()).toBe(1);
        await expect.poll(get).toBe(2);
      });

      it("tells how old an entry is, and how long it stays fresh", async () => {
        const cache = createCache();
        const key = newKey();
        expect(await cache.lookup(key, minute, () => 1)).toMatchObject({
          ageSeconds: 0,
          remainingSeconds: 60,
        });
        const hit = await cache.lookup(key, minute, () => 1);
        expect(hit.ageSeconds + hit.remainingSeconds).toBeCloseTo(60);
        expect(hit.ageSeconds).toBeLessThan(1);
      });

      it("lets entries born together die apart (pitfall 25)", async () => {
        const cache = createCache({ ttlJitter: 0.5 });
        const lives = new Set<number>();
        for (let entry = 0; entry < 20; entry += 1) {
          const { remainingSeconds } = await cache.lookup(newKey(), minute, () => 1);
          expect(remainingSeconds).toBeGreaterThanOrEqual(30);
          expect(remainingSeconds).toBeLessThanOrEqual(60);
          lives.add(remainingSeconds);
        }
        expect(lives.size).toBeGreaterThan(15);
      });

      it("uses the serializer it is given", async () => {
        const cache = createCache({
          serializer: {
            serialize: (value) => Buffer.from(JSON.stringify({ wrapped: value })),
            deserialize: (bytes) => JSON.parse(Buffer.from(bytes).toString()).wrapped,
          },
        });
        const key = newKey();
        await cache.getOrSet(key, minute, () => new Date(0));
        expect(await cache.get(key)).toBe("1970-01-01T00:00:00.000Z");
      });
    });

    describe("setting, getting, deleting", () => {
      it("gets what was set, until it is deleted", async () => {
        const cache = createCache();
        const key = newKey();
        expect(await cache.set(key, minute, { a: 1 })).toBe(true);
        expect(await cache.get(key)).toEqual({ a: 1 });
        expect(await cache.delete(key)).toBe(true);
        expect(await cache.get(key)).toBeUndefined();
      });

      it("lets a set win over a load under way", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const origin = createOrigin("loaded", gate);
        const begun = cache.getOrSet(key, minute, origin.load);
        await gate.arrived;
        expect(await cache.set(key, minute, "set")).toBe(true);
        gate.open();
        expect(await begun).toBe("loaded");
        expect(await cache.get(key)).toBe("set");
      });

      it("changes nothing when what is set cannot be stored", async () => {
        const cache = createCache();
        const key = newKey();
        await cache.set(key, minute, "before");
        expect(await cache.set(key, minute, () => "a function")).toBe(false);
        expect(await cache.get(key)).toBe("before");
      });

      it.each<[string, unknown]>([
        ["is too large", "x".repeat(1000)],
        ["is a null that is not kept", null],
        ["cannot be carried", () => "a function"],
      ])("lets a load under way win over what %s", async (_what, value) => {
        const cache = createCache({ maxValueBytes: 100 });
        const [key, gate] = [newKey(), createGate()];
        const options = { ...minute, nullTtlSeconds: 0 };
        const loading = cache.getOrSet(key, options, createOrigin("loaded", gate).load);
        await gate.arrived;
        expect(await cache.set(key, options, value)).toBe(false);
        gate.open();
        await loading;
        expect(await cache.get(key)).toBe("loaded");
      });

      it("refuses to set what an eviction has overtaken", async () => {
        const cache = createCache();
        const key = newKey();
        const since = await cache.position();
        await cache.evictTags([key]);
        expect(await cache.set(key, { ...minute, tags: [key], since }, "old")).toBe(false);
        expect(await cache.get(key)).toBeUndefined();
      });
    });

    describe("stale windows", () => {
      it("serves stale at once while one load refreshes it (pitfall 24)", async () => {
        const cache = createCache();
        const [key, gate] = [newKey(), createGate()];
        const options = { ttlSeconds: 0.02, staleWhileRevalidateSeconds: 60 };
        await cache.getOrSet(key, options, () => "old");
        const origin = createOrigin("new", gate);
        await expect
          .poll(() => cache.lookup(key, options, origin.load).then(({ status }) => status))
          .toBe("stale");
        await gate.arrived;
        for (let reader = 0; reader < 5; reader += 1) {
          expect(await cache.getOrSet(key, options, origin.load)).toBe("old");
        }
        gate.open();
        await expect
          .poll(() => cache.getOrSet(key, { ...options, ttlSeconds: 60 }, origin.load))
          .toBe("new");
        expect(origin.loads).toBeGreaterThanOrEqual(1);
      });

      it("never serves stale what was evicted", async () => {
        const cache = createCache();
        const key = newKey();
        const options = { ttlSeconds: 0.02, staleWhileRevalidateSeconds: 60, tags: [key] };
        await cache.getOrSet(key, options, () => "old");
        await cache.evictTags([key]);
        expect(await cache.getOrSet(key, options, () => "new")).toBe("new");
      });

      it("keeps a stale entry for the load that throws, and serves it in its place (pitfall 13)", async () => {
        const cache = createCache();
        const key = newKey();
        const options = { ttlSeconds: 0.02, staleIfErrorSeconds: 60, tags: [key] };
        await cache.getOrSet(key, options, () => "old");
        const down = () => Promise.reject(new Error("The database is down."));
        await expect
          .poll(() => cache.lookup(key, options, down).then(({ status }) => status))
          .toBe("stale");
        expect(await cache.lookup(key, options, down)).toMatchObject({
          value: "old",
          status: "stale",
        });
        await cache.evictTags([key]);
        await expect(cache.getOrSet(key, options, down)).rejects.toThrow("The database is down.");
      });

      it("reports a refresh that fails, serves on, and tries again a little later", async () => {
        const events: CacheEvent[] = [];
        const cache = createCache({ onEvent: (event) => events.push(event) });
        const key = newKey();
        const options = { ttlSeconds: 0.02, staleWhileRevalidateSeconds: 60 };
        await cache.getOrSet(key, options, () => "old");
        const down = () => Promise.reject(new Error("down"));
        const errors = () => events.filter(({ type }) => type === "error");
        await expect
          .poll(async () => {
            expect(await cache.getOrSet(key, options, down)).toBe("old");
            return errors();
          })
          .toMatchObject([{ error: { code: "E_REFRESH", cause: { message: "down" } } }]);
        expect(await cache.getOrSet(key, options, down)).toBe("old");
      });

      it("refreshes early, in the background, an entry that is still fresh", async () => {
        const cache = createCache({ earlyRefresh: 100 });
        const [key, gate] = [newKey(), createGate()];
        await cache.getOrSet(key, { ttlSeconds: 2 }, async () => {
          await new Promise((resolve) => setTimeout(resolve, 30));
          return "old";
        });
        const origin = createOrigin("new", gate);
        gate.open();
        await expect.poll(() => cache.getOrSet(key, { ttlSeconds: 60 }, origin.load)).toBe("new");
        expect(origin.loads).toBe(1);
      });

      it("runs a refresh of its own where one is given, since the caller may be gone", async () => {
        const cache = createCache();
        const [key, own, callers] = [newKey(), createOrigin("own"), createOrigin("caller's")];
        const options = { ttlSeconds: 0.02, staleWhileRevalidateSeconds: 60, refresh: own.load };
        await cache.getOrSet(key, options, () => "old");
        await expect.poll(() => cache.getOrSet(key, options, callers.load)).toBe("own");
        expect(callers.loads).toBe(0);
      });
    });

    describe("what it tells", () => {
      it("tells the story of a key as events", async () => {
        const events: CacheEvent[] = [];
        const cache = createCache({ onEvent: (event) => events.push(event) });
        const key = newKey();
        const options = { ...minute, tags: [key], coordinate: "Query.menu" };
        await Promise.all([1, 2].map(() => cache.getOrSet(key, options, () => "value")));
        await cache.getOrSet(key, options, () => "value");
        await cache.evictTags([key]);
        await cache.delete(key);
        expect(events.map(({ type }) => type)).toEqual([
          "miss",
          "miss",
          "wait",
          "load",
          "fill",
          "hit",
          "evict",
          "delete",
        ]);
        expect(events[0]).toEqual({ type: "miss", key, coordinate: "Query.menu" });
        expect(events[6]).toEqual({ type: "evict", tags: [key], entries: 1, delivered: true });
      });

      it("counts what it does", async () => {
        const cache = createCache();
        const key = newKey();
        expect(cache.stats()).toMatchObject({ hits: 0, misses: 0, hitRatio: 0 });
        for (let read = 0; read < 4; read += 1) {
          await cache.getOrSet(key, { ...minute, tags: [key] }, () => 1);
        }
        await cache.evictTags([key]);
        const { hits, nearHits, ...others } = cache.stats();
        expect(hits + nearHits).toBe(3);
        expect(others).toEqual({
          staleHits: 0,
          misses: 1,
          fills: 1,
          outages: 0,
          waits: 0,
          loads: 1,
          evictions: 1,
          puts: 0,
          written: 0,
          writeFailures: 0,
          deadLetters: 0,
          errors: 0,
          hitRatio: 0.75,
        });
      });

      it("is healthy", async () => {
        const cache = createCache();
        await expect.poll(() => cache.health()).toMatchObject({ status: "ok", problems: [] });
      });
    });

    describe("misuse", () => {
      it.each([
        ["ttlSeconds", { ttlSeconds: 0 }],
        ["ttlSeconds", { ttlSeconds: -1 }],
        ["ttlSeconds", { ttlSeconds: Number.NaN }],
        ["staleIfErrorSeconds", { ttlSeconds: 1, staleIfErrorSeconds: -1 }],
        ["A tag", { ttlSeconds: 1, tags: [""] }],
      ])("refuses a wrong %s at once, and loads nothing", async (text, options) => {
        const origin = createOrigin(1);
        const call = createCache().getOrSet(newKey(), options, origin.load);
        await expect(call).rejects.toThrow(InvalidOptionError);
        await expect(call).rejects.toThrow(text);
        expect(origin.loads).toBe(0);
      });

      it("refuses an empty key, and an empty tag to evict", async () => {
        const cache = createCache();
        await expect(cache.get("")).rejects.toThrow(InvalidOptionError);
        await expect(cache.evictTags([""])).rejects.toThrow(InvalidOptionError);
      });

      it("refuses keys and tags that Redis could not tell apart", async () => {
        const cache = createCache();
        await expect(cache.getOrSet("a\ud800", minute, () => 1)).rejects.toThrow("well-formed");
        await expect(cache.evictTags(["t\ud801"])).rejects.toThrow("well-formed");
      });

      it("takes the eviction of no tags as done", async () => {
        expect(await createCache().evictTags([])).toEqual({ delivered: true, entries: 0 });
      });

      it("refuses calls once it is closed, and may be closed twice", async () => {
        const cache = createCache();
        await cache.close();
        await cache.close();
        await expect(cache.getOrSet(newKey(), minute, () => 1)).rejects.toThrow(CacheClosedError);
        await expect(cache.evictTags(["t"])).rejects.toThrow(CacheClosedError);
      });
    });
  });
}
