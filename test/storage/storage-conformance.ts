import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type CounterOptions,
  CountLimitError,
  counts,
  date,
  InvalidStorageValueError,
  integer,
  json,
  oneOf,
  optional,
  packed,
  type Storage,
  text,
  UnreadableRecordError,
} from "../../src/storage/index.js";
import type { StorageUnderTest, storageKinds } from "../support/storages.js";

const schema = {
  name: text(),
  role: oneOf("customer", "staff"),
  visits: integer(),
  since: date(),
  cart: counts(),
  language: optional(text()),
  tastes: optional(json<{ likes: string[] }>()),
};

const since = new Date("2024-05-06T07:08:09.012Z");
const ada = { name: "Ada", role: "staff", visits: 3, since } as const;

/** What every storage must do, whatever it stands on. */
export function describeStorage({ kind, start }: (typeof storageKinds)[number]): void {
  describe(`storage on ${kind}`, () => {
    let under: StorageUnderTest;
    let storage: Storage;
    beforeAll(async () => {
      under = await start();
      storage = under.storage;
    });
    afterAll(() => under[Symbol.asyncDispose]());

    let made = 0;
    /** An id nobody used. */
    const fresh = () => `id-${++made}`;
    const visitors = () => storage.hash("visitor", schema, { ttlSeconds: 60, sliding: true });

    describe("a hash record", () => {
      test("reads back what was saved, optional fields and counts left out or given", async () => {
        const id = fresh();
        expect(await visitors().get(id)).toBeUndefined();
        await visitors().save(id, ada);
        expect(await visitors().get(id)).toEqual({ ...ada, cart: new Map() });

        const whole = { ...ada, language: "it", tastes: { likes: ["basil"] } };
        await visitors().save(id, { ...whole, cart: new Map([["big", 2]]) });
        expect(await visitors().get(id)).toEqual({ ...whole, cart: new Map([["big", 2]]) });
      });

      test("reads back any text, number and time", async () => {
        const id = fresh();
        await fc.assert(
          fc.asyncProperty(
            fc.string({ unit: "grapheme" }),
            fc.maxSafeInteger(),
            fc.date({ noInvalidDate: true }),
            fc.dictionary(fc.string({ unit: "grapheme" }), fc.integer({ min: 1 })),
            async (name, visits, when, cart) => {
              const record = {
                ...ada,
                name,
                visits,
                since: when,
                cart: new Map(Object.entries(cart)),
              };
              await visitors().save(id, record);
              expect(await visitors().get(id)).toEqual(record);
            },
          ),
          { numRuns: 50 },
        );
      });

      test("save drops what the earlier record had and the new one has not", async () => {
        const id = fresh();
        await visitors().save(id, { ...ada, language: "it", cart: new Map([["big", 2]]) });
        await visitors().save(id, ada);
        expect(await visitors().get(id)).toEqual({ ...ada, cart: new Map() });
      });

      test("of many that create the same record at once, one does", async () => {
        const id = fresh();
        const created = await Promise.all(
          Array.from({ length: 20 }, (_, visits) => visitors().create(id, { ...ada, visits })),
        );
        expect(created.filter(Boolean)).toHaveLength(1);
        expect((await visitors().get(id))?.visits).toBe(created.indexOf(true));
      });

      test("update writes the given fields, and what others wrote meanwhile stays", async () => {
        const id = fresh();
        await visitors().save(id, ada);
        await Promise.all([
          visitors().update(id, { name: "Bea" }),
          visitors().update(id, { language: "it" }),
          visitors().update(id, { role: "customer" }),
        ]);
        expect(await visitors().get(id)).toMatchObject({
          name: "Bea",
          language: "it",
          role: "customer",
          visits: 3,
        });
      });

      test("update with undefined removes an optional field, and answers with the record", async () => {
        const id = fresh();
        await visitors().save(id, { ...ada, language: "it" });
        expect(await visitors().update(id, { language: undefined, name: "Bea" })).toEqual({
          ...ada,
          name: "Bea",
          cart: new Map(),
        });
        const none = { name: undefined } as object;
        expect(await visitors().update(id, none)).toMatchObject({ name: "Bea" });
      });

      test("increments of many at once are all counted", async () => {
        const id = fresh();
        await visitors().save(id, ada);
        await Promise.all(Array.from({ length: 50 }, () => visitors().increment(id, "visits", 2)));
        expect((await visitors().increment(id, "visits", -1))?.visits).toBe(102);
      });

      test("increments are exact as far as JavaScript is, and go no further", async () => {
        const id = fresh();
        const most = Number.MAX_SAFE_INTEGER;
        await visitors().save(id, { ...ada, visits: most - 2 });
        expect(await visitors().increment(id, "visits")).toMatchObject({ visits: most - 1 });
        for (const far of [most, -most]) {
          await visitors().update(id, { visits: far });
          await expect(visitors().increment(id, "visits", Math.sign(far))).rejects.toMatchObject({
            reason: "maxCount",
          });
          expect(await visitors().get(id)).toMatchObject({ visits: far });
        }
      });

      test("nothing brings back a record that is gone", async () => {
        const id = fresh();
        const add = new Map([["big", 1]]);
        await visitors().save(id, ada);
        await under.advanceSeconds(60);
        expect(await visitors().update(id, { name: "Bea" })).toBeUndefined();
        expect(await visitors().increment(id, "visits")).toBeUndefined();
        expect(await visitors().change(id, { counts: { cart: { add } } })).toBeUndefined();
        expect(await visitors().touch(id)).toBeUndefined();
        expect(await visitors().get(id)).toBeUndefined();
        expect(await visitors().delete(id)).toBe(false);
        expect(await visitors().create(id, ada)).toBe(true);
      });

      test("a sliding life is renewed by touch and by changes, and not by reading", async () => {
        const [touched, changed, read] = [fresh(), fresh(), fresh()];
        for (const id of [touched, changed, read]) await visitors().save(id, ada);
        await under.advanceSeconds(40);
        expect(await visitors().touch(touched)).toMatchObject({ name: "Ada" });
        await visitors().update(changed, { name: "Bea" });
        await visitors().get(read);
        await under.advanceSeconds(40);
        expect(await visitors().get(touched)).toBeDefined();
        expect(await visitors().get(changed)).toBeDefined();
        expect(await visitors().get(read)).toBeUndefined();
      });

      test("a life that does not slide counts from saving", async () => {
        const id = fresh();
        const visits = storage.hash("visit", { place: text() }, { ttlSeconds: 60 });
        await visits.save(id, { place: "Rome" });
        await under.advanceSeconds(40);
        await visits.update(id, { place: "Bari" });
        await visits.touch(id);
        await under.advanceSeconds(30);
        expect(await visits.get(id)).toBeUndefined();
      });

      test("without a ttl it stays", async () => {
        const id = fresh();
        const places = storage.hash("place", { name: text() });
        await places.save(id, { name: "Rome" });
        await places.update(id, { name: "Bari" });
        await under.advanceSeconds(1e6);
        expect(await places.get(id)).toEqual({ name: "Bari" });
      });

      test("a record whose every field is absent is there all the same", async () => {
        const id = fresh();
        const notes = storage.hash("note", { body: optional(text()) });
        await notes.save(id, { body: "hello" });
        expect(await notes.update(id, { body: undefined })).toEqual({});
        expect(await notes.get(id)).toEqual({});
        expect(await notes.delete(id)).toBe(true);
        expect(await notes.delete(id)).toBe(false);
        expect(await notes.get(id)).toBeUndefined();
      });

      test("an optional field may have the name of what objects inherit, and be left out", async () => {
        const id = fresh();
        const odd = storage.hash("odd", { toString: optional(text()), constructor: counts() });
        await odd.save(id, {} as never);
        expect(await odd.get(id)).toEqual({ constructor: new Map() });
        await odd.update(id, { toString: "x" });
        expect((await odd.get(id))?.toString).toBe("x");
        await expect(odd.update(id, { valueOf: "x" } as never)).rejects.toBeInstanceOf(
          InvalidStorageValueError,
        );
      });

      test("records of two names or two ids do not mix", async () => {
        const id = fresh();
        await storage.hash("left", { side: text() }).save(id, { side: "left" });
        await storage.hash("left-right", { side: text() }).save(id, { side: "both" });
        expect(await storage.hash("left", { side: text() }).get(id)).toEqual({ side: "left" });
        expect(await storage.hash("left", { side: text() }).get(`${id}:`)).toBeUndefined();
      });

      test("refuses values that do not fit the schema, and writes nothing", async () => {
        const id = fresh();
        await visitors().save(id, ada);
        const refused = [
          () => visitors().save(id, { ...ada, visits: 1.5 }),
          () => visitors().save(id, { ...ada, since: new Date(Number.NaN) }),
          () => visitors().update(id, { name: "Bea", role: "owner" as "staff" }),
          () => visitors().update(id, { name: "Be\ud800" }),
          () => visitors().update(id, { name: "Bea", unknown: 1 } as object),
          () => visitors().increment(id, "name" as "visits"),
          () => visitors().increment(id, "visits", Number.NaN),
          () => visitors().save("", ada),
          () => visitors().get("x".repeat(513)),
        ];
        for (const attempt of refused) {
          await expect(attempt()).rejects.toBeInstanceOf(InvalidStorageValueError);
        }
        expect(await visitors().get(id)).toEqual({ ...ada, cart: new Map() });
      });

      test("an older shape of record is unreadable, and not half read", async () => {
        const id = fresh();
        await storage.hash("shape", { size: text() }).save(id, { size: "wide" });
        const wants = (newer: Parameters<Storage["hash"]>[1]) =>
          storage.hash("shape", newer).get(id);
        await expect(wants({ size: integer() })).rejects.toBeInstanceOf(UnreadableRecordError);
        await expect(wants({ colour: text() })).rejects.toBeInstanceOf(UnreadableRecordError);
        await expect(wants({ size: json() })).rejects.toBeInstanceOf(UnreadableRecordError);
        await expect(
          storage.hash("shape", { size: integer() }).increment(id, "size"),
        ).rejects.toBeInstanceOf(UnreadableRecordError);
        await storage.hash("shape", { size: text() }).save(id, { size: "1.5" });
        await expect(
          storage.hash("shape", { size: integer() }).increment(id, "size"),
        ).rejects.toBeInstanceOf(UnreadableRecordError);
      });
    });

    describe("counts", () => {
      const add = (id: string, added: Record<string, number>, limits = {}) =>
        visitors().change(id, {
          counts: { cart: { add: new Map(Object.entries(added)), ...limits } },
        });
      const cartOf = async (id: string) =>
        Object.fromEntries((await visitors().get(id))?.cart ?? []);

      test("what two devices add at once is all there", async () => {
        const id = fresh();
        await visitors().save(id, ada);
        await Promise.all(
          Array.from({ length: 40 }, (_, i) => add(id, { big: 1, [`other-${i % 4}`]: 2 })),
        );
        expect(await cartOf(id)).toEqual({
          big: 40,
          "other-0": 20,
          "other-1": 20,
          "other-2": 20,
          "other-3": 20,
        });
      });

      test("a count that falls to zero goes with its member", async () => {
        const id = fresh();
        await visitors().save(id, {
          ...ada,
          cart: new Map([
            ["big", 3],
            ["small", 1],
          ]),
        });
        await add(id, { big: -3, small: 1, none: -2 });
        expect(await cartOf(id)).toEqual({ small: 2 });
        const cart = new Map([
          ["big", 0],
          ["small", -1],
        ]);
        await visitors().save(id, { ...ada, cart });
        expect(await cartOf(id)).toEqual({});
      });

      test("a change over a limit is refused whole", async () => {
        const id = fresh();
        await visitors().save(id, { ...ada, cart: new Map([["big", 8]]) });
        await expect(
          visitors().change(id, {
            set: { name: "Bea" },
            counts: {
              cart: {
                add: new Map([
                  ["small", 1],
                  ["big", 3],
                ]),
                maxCount: 10,
              },
            },
          }),
        ).rejects.toMatchObject({
          reason: "maxCount",
          member: "cart:big",
          code: "E_STORAGE_COUNT_LIMIT",
        });
        await expect(add(id, { a: 1, b: 1 }, { maxMembers: 2 })).rejects.toMatchObject({
          reason: "maxMembers",
        });
        expect(await visitors().get(id)).toEqual({ ...ada, cart: new Map([["big", 8]]) });
        await add(id, { big: 2 }, { maxCount: 10, maxMembers: 1 });
        await add(id, { big: -1 }, { maxCount: 5 });
        expect(await cartOf(id)).toEqual({ big: 9 });
        // Who is there already brings in nobody.
        await add(id, { small: 1 });
        await add(id, { small: 1 }, { maxMembers: 1 });
        expect(await cartOf(id)).toEqual({ big: 9, small: 2 });
      });

      test("a change that expects a field as it no longer is writes nothing, and says which", async () => {
        const id = fresh();
        await visitors().save(id, ada);
        const odd = { name: "B\u0000 :é🍕" };
        await visitors().change(id, { onlyIf: { name: ada.name, language: undefined }, set: odd });
        await visitors().change(id, { onlyIf: odd, set: { language: "en" } });
        const before = await visitors().get(id);
        for (const onlyIf of [{ name: ada.name }, { language: undefined }, { language: "" }]) {
          const refused = visitors().change(id, { onlyIf, set: { name: "Cy" } });
          await expect(refused).rejects.toMatchObject({
            code: "E_STORAGE_CHANGED_MEANWHILE",
            field: Object.keys(onlyIf)[0],
          });
        }
        expect(await visitors().get(id)).toEqual(before);
        expect(await visitors().change(fresh(), { onlyIf: { name: "no one" } })).toBeUndefined();
      });

      test("of many that expect the same value at once one changes it", async () => {
        const id = fresh();
        await visitors().save(id, ada);
        const results = await Promise.allSettled(
          Array.from({ length: 20 }, (_, i) =>
            visitors().change(id, { onlyIf: { name: ada.name }, set: { name: `name ${i}` } }),
          ),
        );
        expect(results.filter((one) => one.status === "fulfilled")).toHaveLength(1);
      });

      test("of many that add at once none gets over a limit", async () => {
        const id = fresh();
        await visitors().save(id, ada);
        const results = await Promise.allSettled(
          Array.from({ length: 30 }, (_, i) =>
            add(id, { big: 1, [`m${i}`]: 1 }, { maxMembers: 11 }),
          ),
        );
        const refused = results.filter((one) => one.status === "rejected");
        expect(refused).toHaveLength(20);
        for (const one of refused) expect(one.reason).toBeInstanceOf(CountLimitError);
        expect((await cartOf(id)).big).toBe(10);
      });

      test("members are removed and cleared, before what is added", async () => {
        const id = fresh();
        await visitors().save(id, {
          ...ada,
          cart: new Map([
            ["a", 1],
            ["b", 2],
            ["c", 3],
          ]),
        });
        await visitors().change(id, { counts: { cart: { remove: ["a", "none"] } } });
        expect(await cartOf(id)).toEqual({ b: 2, c: 3 });
        const added = new Map([["c", 1]]);
        await visitors().change(id, { counts: { cart: { clear: true, add: added } } });
        expect(await cartOf(id)).toEqual({ c: 1 });
        expect(await visitors().get(id)).toMatchObject(ada);
      });

      test("are raised, and a greater one stays, late, twice or out of order", async () => {
        const id = fresh();
        await visitors().save(id, { ...ada, cart: new Map([["a", 5]]) });
        const raise = (to: Record<string, number>) =>
          visitors().change(id, { counts: { cart: { raise: new Map(Object.entries(to)) } } });
        await Promise.all([raise({ a: 4, b: 2 }), raise({ a: 7 }), raise({ a: 6, b: 1 })]);
        expect((await visitors().get(id))?.cart).toEqual(
          new Map([
            ["a", 7],
            ["b", 2],
          ]),
        );
        await expect(raise({ c: 0 })).rejects.toBeInstanceOf(InvalidStorageValueError);
      });
    });

    describe("an index", () => {
      const guests = (suffix = "") =>
        storage.hash(
          `guest${suffix}`,
          { email: text(), city: optional(text()), age: integer(), tags: counts() },
          {
            ttlSeconds: 60,
            sliding: true,
            indexes: { email: "unique", city: "index", age: "index" },
          },
        );
      const found = async (
        ...[field, value, page]: Parameters<ReturnType<typeof guests>["find"]>
      ) => (await guests().find(field, value, page)).map(({ id }) => id);
      const guest = (id: string, more: { city?: string; age?: number } = {}) =>
        guests().save(id, { email: `${id}@example.org`, age: 7, ...more });

      test("finds the records that have a value, by id and in pages", async () => {
        const [a, b, c] = [fresh(), fresh(), fresh()].sort();
        const city = `Bari ${a}`;
        for (const id of [c, a, b]) await guest(id!, { city });
        await guest(fresh(), { city: "Rome" });
        expect(await guests().find("city", city, { first: 1 })).toEqual([
          { id: a, values: { email: `${a}@example.org`, city, age: 7, tags: new Map() } },
        ]);
        expect(await found("city", city)).toEqual([a, b, c]);
        expect(await found("city", city, { first: 2, after: a })).toEqual([b, c]);
        expect(await found("city", city, { after: c })).toEqual([]);
        expect(await found("city", "nowhere")).toEqual([]);
        expect(await found("email", `${b}@example.org`)).toEqual([b]);
        expect(await found("age", 7, { first: 1_000 })).toEqual(expect.arrayContaining([a, b, c]));
      });

      test("gives no page of more than it is asked for, nor of more than 1,000", async () => {
        const tenants = (ttlSeconds: number) =>
          storage.hash("tenant", { city: text() }, { ttlSeconds, indexes: { city: "index" } });
        const ids = Array.from({ length: 1_003 }, (_, n) => `tenant-${1_000 + n}`);
        await Promise.all(
          ids.map((id, n) => tenants(n === 0 ? 60 : 600).save(id, { city: "Bari" })),
        );
        await under.advanceSeconds(100);
        const page = async (first: number) =>
          (await tenants(600).find("city", "Bari", { first })).map(({ id }) => id);
        expect(await page(2)).toEqual(ids.slice(1, 3));
        expect(await page(5_000)).toEqual(ids.slice(1, 1_001));
      });

      test("follows every change of a record", async () => {
        const id = fresh();
        const [one, two] = [`one ${id}`, `two ${id}`];
        const cities = async () => [await found("city", one), await found("city", two)];
        await guest(id, { city: one });
        await guests().update(id, { city: two });
        expect(await cities()).toEqual([[], [id]]);
        await guests().update(id, { city: undefined });
        expect(await cities()).toEqual([[], []]);
        await guests().change(id, { set: { city: one }, increment: { age: 12_345 } });
        expect(await cities()).toEqual([[id], []]);
        expect(await found("age", 12_352)).toEqual([id]);
        await guest(id, { city: two });
        expect(await cities()).toEqual([[], [id]]);
        await guests().delete(id);
        expect(await cities()).toEqual([[], []]);
      });

      test("a unique one refuses the second, whole, and lets it go with the first", async () => {
        const [a, b] = [fresh(), fresh()];
        await guest(a, { city: "Bari" });
        const second = { email: `${a}@example.org`, age: 1 };
        const refusal = { code: "E_STORAGE_NOT_UNIQUE", field: "email" };
        await expect(guests().save(b, second)).rejects.toMatchObject(refusal);
        await expect(guests().create(b, second)).rejects.toMatchObject(refusal);
        expect(await guests().get(b)).toBeUndefined();
        await guest(b);
        await expect(guests().update(b, { email: second.email, age: 2 })).rejects.toMatchObject(
          refusal,
        );
        expect((await guests().get(b))?.age).toBe(7);
        await guests().update(a, { email: `${a}@example.org`, age: 9 });
        await guests().update(a, { email: `other-${a}@example.org` });
        await guests().update(b, { email: second.email });
        expect(await found("email", second.email)).toEqual([b]);
        await guests().delete(b);
        await guests().save(a, second);
        expect(await found("email", second.email)).toEqual([a]);
      });

      test("of several unique ones names the first that another record has, whichever record that is", async () => {
        const members = storage.hash(
          "member",
          { email: text(), phone: text() },
          { indexes: { email: "unique", phone: "unique" } },
        );
        await members.save(fresh(), { email: "a@example.org", phone: "1" });
        await members.save(fresh(), { email: "b@example.org", phone: "2" });
        const taken = [
          { email: "a@example.org", phone: "2" },
          { email: "b@example.org", phone: "1" },
        ];
        for (const both of taken)
          await expect(members.save(fresh(), both)).rejects.toMatchObject({ field: "email" });
      });

      test("of many that take one value of a unique field at once, one does", async () => {
        const email = `${fresh()}@example.org`;
        const ids = Array.from({ length: 20 }, () => fresh());
        const saved = await Promise.allSettled(
          ids.map((id) => guests().save(id, { email, age: 1 })),
        );
        expect(saved.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
        expect(await found("email", email)).toEqual([
          ids[saved.findIndex(({ status }) => status === "fulfilled")],
        ]);
      });

      test("forgets a record with its life, and keeps one whose life slides", async () => {
        const [gone, kept] = [fresh(), fresh()];
        const city = `Lecce ${gone}`;
        await guest(gone, { city });
        await guest(kept, { city });
        await under.advanceSeconds(40);
        await guests().touch(kept);
        await under.advanceSeconds(40);
        expect(await found("city", city)).toEqual([kept]);
        await guests().save(fresh(), { email: `${gone}@example.org`, age: 1 });
        await under.advanceSeconds(61);
        expect(await found("city", city)).toEqual([]);
      });

      test("finds a record while it lives, however long others with its value live", async () => {
        const residents = (life: { ttlSeconds?: number }) =>
          storage.hash("resident", { city: text() }, { ...life, indexes: { city: "index" } });
        const found = async (city: string) =>
          (await residents({}).find("city", city)).map(({ id }) => id);
        const saved = async (life: { ttlSeconds?: number }, city: string) => {
          const id = fresh();
          await residents(life).save(id, { city });
          return id;
        };
        const moved = async (life: { ttlSeconds?: number }, city: string) => {
          const id = await saved(life, "elsewhere");
          // Which gives it no new life.
          await residents({}).update(id, { city });
          return id;
        };
        const [brief, long, endless] = [{ ttlSeconds: 60 }, { ttlSeconds: 600 }, {}];
        const [bari, lecce, enna] = [`Bari ${fresh()}`, `Lecce ${fresh()}`, `Enna ${fresh()}`];
        await saved(brief, bari);
        const inBari = await moved(long, bari);
        const inLecce = await saved(long, lecce);
        const inEnna = await saved(endless, enna);
        for (const city of [lecce, enna]) {
          await saved(brief, city);
          await moved(brief, city);
        }
        await under.advanceSeconds(100);
        expect(await found(bari)).toEqual([inBari]);
        expect(await found(lecce)).toEqual([inLecce]);
        const lateInLecce = await moved(endless, lecce);
        await under.advanceSeconds(1_000);
        expect(await found(lecce)).toEqual([lateInLecce]);
        expect(await found(enna)).toEqual([inEnna]);
      });

      test("a unique one lets go of a record that ended sooner than it was first to", async () => {
        const residents = (ttlSeconds: number) =>
          storage.hash("owner", { email: text() }, { ttlSeconds, indexes: { email: "unique" } });
        const email = `${fresh()}@example.org`;
        const [first, second] = [fresh(), fresh()];
        await residents(600).save(first, { email });
        await residents(60).save(first, { email });
        await under.advanceSeconds(100);
        await residents(60).save(second, { email });
        expect(await residents(60).find("email", email)).toMatchObject([{ id: second }]);
      });

      test("tells any values apart, and any ids", async () => {
        const value = fc.string({ unit: "grapheme", maxLength: 4 });
        const id = fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 });
        await fc.assert(
          fc.asyncProperty(fc.dictionary(id, value, { maxKeys: 6 }), async (cities) => {
            const records = storage.hash("place", { city: text() }, { indexes: { city: "index" } });
            for (const [one, city] of Object.entries(cities)) await records.save(one, { city });
            for (const city of Object.values(cities)) {
              const expected = Object.keys(cities).filter((one) => cities[one] === city);
              const ids = (await records.find("city", city)).map((one) => one.id);
              expect(ids.sort()).toEqual(expected.sort());
            }
            for (const one of Object.keys(cities)) await records.delete(one);
            for (const city of Object.values(cities)) {
              expect(await records.find("city", city)).toEqual([]);
            }
          }),
          { numRuns: 30 },
        );
      });

      test("is given to single fields alone, and nothing is found without one", async () => {
        const plain = storage.hash("plain-guest", { city: text() });
        await expect(plain.find("city", "Bari")).rejects.toBeInstanceOf(InvalidStorageValueError);
        await expect(guests().find("city", 7 as never)).rejects.toThrow("guest.city");
        await expect(guests().find("city", "a", { first: 0 })).rejects.toThrow("first");
        for (const field of ["tags", "none"]) {
          const indexes = { [field]: "index" } as never;
          expect(() => storage.hash("other", { tags: counts() }, { indexes })).toThrow(field);
        }
      });
    });

    test("a field of MessagePack reads back what JSON cannot carry", async () => {
      const notes = storage.hash("packed-note", { content: packed<unknown>() });
      const shared = { n: 1 };
      const content = {
        when: since,
        sums: new Map<unknown, unknown>([[1, new Set(["a"])]]),
        big: 2n ** 80n,
        small: -5n,
        bytes: new Uint8Array([0, 255, 7]),
        text: "\u0000 é \u{1F355}",
        nothing: [undefined, null, Number.NaN],
        one: shared,
        same: shared,
      };
      const id = fresh();
      await notes.save(id, { content });
      const read = (await notes.get(id))?.content as typeof content;
      expect(read).toEqual(content);
      expect(read.one).toBe(read.same);
      await expect(notes.save(id, { content: undefined })).rejects.toBeInstanceOf(
        InvalidStorageValueError,
      );
      await expect(notes.save(id, { content: () => 1 })).rejects.toBeInstanceOf(
        InvalidStorageValueError,
      );
      expect(await notes.get(id)).toEqual({ content });
    });

    test("a field of JSON or MessagePack refuses what it would change in silence, and says where", async () => {
      const notes = storage.hash("odd-note", {
        plain: optional(json()),
        packed: optional(packed()),
      });
      class Note {
        body = "x";
      }
      const own = JSON.parse('{"__proto__": 1}');
      const id = fresh();
      await notes.save(id, {});
      const plain = [Number.NaN, new Date(0), [undefined], new Map(), new Note(), 1n, () => 1];
      const bytes = [
        new Note(),
        own,
        "\ud800",
        new Map([["\ud800", 1]]),
        { "\ud800": 1 },
        new SharedArrayBuffer(2),
      ];
      for (const value of plain) {
        await expect(notes.update(id, { plain: { a: [value] } })).rejects.toThrow("at .a[0]");
      }
      for (const value of bytes) {
        await expect(notes.update(id, { packed: { a: value } })).rejects.toThrow("at .a");
      }
      const loop: unknown[] = [];
      loop.push(loop);
      await expect(notes.update(id, { plain: loop })).rejects.toThrow("itself");
      expect(await notes.get(id)).toEqual({});

      const same = { "\ud800": ["\ud800", null, true, 1.5], none: undefined };
      await notes.update(id, { plain: [same, same], packed: loop });
      const read = await notes.get(id);
      expect(read?.plain).toEqual([same, same]);
      expect(read).toMatchObject({ packed: [read?.packed] });
    });

    describe("a sorted set", () => {
      const make = (options = {}) => storage.sortedSet("ranking", { id: fresh(), ...options });
      const scores = (record: Record<string, number>) => new Map(Object.entries(record));
      const members = async (set: ReturnType<typeof make>, count = 100) =>
        (await set.top(count)).map(({ member }) => member);

      test("an empty one has nothing", async () => {
        const set = make();
        expect(await set.top(10)).toEqual([]);
        expect(await set.scores(["a"])).toEqual([undefined]);
        expect(await set.count()).toBe(0);
        expect(await set.delete()).toBe(false);
        expect(await set.remove(["a"])).toBe(0);
        expect(await set.trim(0)).toBe(0);
      });

      test("the greatest score is first, and of equals the greatest name", async () => {
        const set = make();
        await set.set(scores({ a: 1, c: 2, b: 2, é: 2, d: -1.5 }));
        expect(await set.top(3)).toEqual([
          { member: "é", score: 2 },
          { member: "c", score: 2 },
          { member: "b", score: 2 },
        ]);
        expect(await members(set)).toEqual(["é", "c", "b", "a", "d"]);
        expect(await set.top(0)).toEqual([]);
        expect(await set.scores(["d", "none", "a"])).toEqual([-1.5, undefined, 1]);
      });

      test("increments of many at once are all counted", async () => {
        const set = make();
        await Promise.all(Array.from({ length: 50 }, () => set.increment("a", 2)));
        expect(await set.increment("a", 0.5)).toBe(100.5);
        expect(await set.increment("b")).toBe(1);
      });

      test("raise keeps what is greater, so order and repetition do not matter", async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer()), { minLength: 1 }),
            async (writes) => {
              const set = make();
              for (const [member, score] of writes) await set.raise(scores({ [member]: score }));
              for (const member of new Set(writes.map(([one]) => one))) {
                const greatest = Math.max(
                  ...writes.filter(([m]) => m === member).map(([, s]) => s),
                );
                expect(await set.scores([member])).toEqual([greatest]);
              }
            },
          ),
          { numRuns: 20 },
        );
      });

      test("onlyIfExists does not begin a set", async () => {
        const set = make();
        expect(await set.raise(scores({ a: 1 }), { onlyIfExists: true })).toBe(false);
        expect(await set.increment("a", 1, { onlyIfExists: true })).toBeUndefined();
        expect(await set.count()).toBe(0);
        await set.set(scores({ a: 1 }));
        expect(await set.raise(scores({ b: 2 }), { onlyIfExists: true })).toBe(true);
        expect(await members(set)).toEqual(["b", "a"]);
      });

      test("is trimmed to its first, by a write or by itself", async () => {
        const set = make();
        await set.set(scores({ a: 1, b: 2, c: 3, d: 4 }), { trimTo: 3 });
        expect(await members(set)).toEqual(["d", "c", "b"]);
        await set.raise(scores({ e: 2.5 }), { trimTo: 3 });
        expect(await members(set)).toEqual(["d", "c", "e"]);
        expect(await set.trim(2)).toBe(1);
        expect(await set.trim(5)).toBe(0);
        expect(await members(set)).toEqual(["d", "c"]);
        expect(await set.trim(0)).toBe(2);
        expect(await set.count()).toBe(0);
      });

      test("replaceAll leaves nothing of what was, and readers see one or the other", async () => {
        const set = make();
        await set.set(scores({ a: 1, b: 2 }));
        const reads = Array.from({ length: 20 }, () => set.count());
        const [, ...seen] = await Promise.all([set.replaceAll(scores({ c: 3, d: 4 })), ...reads]);
        expect(new Set(seen)).toEqual(new Set([2]));
        expect(await members(set)).toEqual(["d", "c"]);
        await set.replaceAll(scores({ e: 1, f: 2, g: 3 }), { trimTo: 2 });
        expect(await members(set)).toEqual(["g", "f"]);
        await set.replaceAll(new Map());
        expect(await set.count()).toBe(0);
      });

      test("that a write left empty is none any more", async () => {
        const set = make();
        await set.set(scores({ a: 1 }));
        await set.replaceAll(new Map());
        expect(await set.set(scores({ b: 1 }), { onlyIfExists: true })).toBe(false);
        await set.set(scores({ a: 1 }), { trimTo: 0 });
        expect(await set.delete()).toBe(false);
      });

      test("members are removed by name and by score", async () => {
        const set = make();
        await set.set(scores({ a: 1, b: 2, c: 3, d: 4 }));
        expect(await set.remove(["a", "none"])).toBe(1);
        expect(await set.removeBelow(3)).toBe(1);
        expect(await members(set)).toEqual(["d", "c"]);
        expect(await set.delete()).toBe(true);
        expect(await set.count()).toBe(0);
      });

      test("a life counts from the first write, or slides, or begins anew with replaceAll", async () => {
        const [fixed, sliding, replaced] = [
          make({ ttlSeconds: 60 }),
          make({ ttlSeconds: 60, sliding: true }),
          make({ ttlSeconds: 60 }),
        ];
        for (const set of [fixed, sliding, replaced]) await set.increment("a");
        await under.advanceSeconds(40);
        await fixed.increment("a");
        await sliding.increment("a");
        await replaced.replaceAll(scores({ a: 2 }));
        await under.advanceSeconds(40);
        expect(await fixed.count()).toBe(0);
        expect(await sliding.scores(["a"])).toEqual([2]);
        expect(await replaced.scores(["a"])).toEqual([2]);
      });

      test("add brings in who is no member, and leaves the others' scores", async () => {
        const set = make();
        await set.set(scores({ a: 5 }));
        await set.add(scores({ a: 9, b: 7 }));
        expect(await set.scores(["a", "b"])).toEqual([5, 7]);
      });

      test("is read in parts, by rank and by score", async () => {
        const set = make();
        await set.set(scores({ a: 1, b: 2, c: 3, d: 4, e: 5 }));
        const names = (found: { member: string }[]) => found.map(({ member }) => member);
        expect(names(await set.range({ offset: 1, count: 2 }))).toEqual(["d", "c"]);
        expect(names(await set.range({ offset: 4, count: 2 }))).toEqual(["a"]);
        expect(names(await set.range({ offset: 5, count: 2 }))).toEqual([]);
        expect(names(await set.rangeByScore({ min: 2, max: 4, count: 10 }))).toEqual([
          "d",
          "c",
          "b",
        ]);
        expect(names(await set.rangeByScore({ max: 4, offset: 1, count: 2 }))).toEqual(["c", "b"]);
        expect(names(await set.rangeByScore({ count: 2 }))).toEqual(["e", "d"]);
        expect(await set.rank("e")).toBe(0);
        expect(await set.rank("a")).toBe(4);
        expect(await set.rank("none")).toBeUndefined();
      });

      test("pop takes out the first, each once, however many ask at once", async () => {
        const set = make();
        await set.set(new Map(Array.from({ length: 30 }, (_, i) => [`m${i}`, i])));
        expect(await set.pop()).toEqual([{ member: "m29", score: 29 }]);
        expect(await set.pop(0)).toEqual([]);
        const popped = (await Promise.all(Array.from({ length: 40 }, () => set.pop()))).flat();
        expect(popped.map(({ score }) => score).sort((a, b) => b - a)).toEqual(
          Array.from({ length: 29 }, (_, i) => 28 - i),
        );
        expect(await set.pop(5)).toEqual([]);
        expect(await set.delete()).toBe(false);
      });

      test("with ascending ties it is as the other is, but that of equals the least name is first", async () => {
        const set = make({ ties: "ascending" });
        await set.set(scores({ b: 2, a: 2, c: 3, d: 0, e: -1 }));
        expect(await set.top(10)).toEqual([
          { member: "c", score: 3 },
          { member: "a", score: 2 },
          { member: "b", score: 2 },
          { member: "d", score: 0 },
          { member: "e", score: -1 },
        ]);
        expect(await set.scores(["b", "none"])).toEqual([2, undefined]);
        expect(await set.rank("b")).toBe(2);
        expect(await set.increment("b", 2)).toBe(4);
        await set.raise(scores({ b: 1, d: 5 }));
        expect(await members(set)).toEqual(["d", "b", "c", "a", "e"]);
        expect(await set.rangeByScore({ min: 2, max: 4, count: 9 })).toEqual([
          { member: "b", score: 4 },
          { member: "c", score: 3 },
          { member: "a", score: 2 },
        ]);
        expect(await set.removeBelow(2)).toBe(1);
        expect(await set.trim(3)).toBe(1);
        expect(await set.pop(2)).toEqual([
          { member: "d", score: 5 },
          { member: "b", score: 4 },
        ]);
        await set.set(scores({ z: 9 }), { trimTo: 1 });
        expect(await members(set)).toEqual(["z"]);
      });

      test.each(["ascending", "descending"] as const)(
        "%s ties: any writes leave the order of a sorted list",
        async (ties) => {
          const member = fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 });
          await fc.assert(
            fc.asyncProperty(
              fc.array(fc.tuple(member, fc.integer({ min: -2, max: 2 })), { minLength: 1 }),
              async (writes) => {
                const set = make({ ties });
                for (const [one, score] of writes) await set.set(scores({ [one]: score }));
                const expected = Object.entries(Object.fromEntries(writes)).sort(
                  ([a, scoreA], [b, scoreB]) =>
                    scoreB - scoreA ||
                    (ties === "ascending" ? 1 : -1) *
                      Buffer.compare(Buffer.from(a), Buffer.from(b)),
                );
                expect(await members(set, 1_000)).toEqual(expected.map(([one]) => one));
              },
            ),
            { numRuns: 25 },
          );
        },
      );

      test("reads and removes any number of members, and refuses a write of more than 50,000", async () => {
        const set = make();
        const names = Array.from({ length: 150_000 }, (_, i) => `m${i}`);
        const first = (count: number) => new Map(names.slice(0, count).map((name, i) => [name, i]));
        await expect(set.set(first(50_001))).rejects.toBeInstanceOf(InvalidStorageValueError);
        await expect(
          visitors().save(fresh(), { ...ada, cart: first(50_001) }),
        ).rejects.toBeInstanceOf(InvalidStorageValueError);
        expect(await set.count()).toBe(0);
        await set.set(first(10_000));
        const found = await set.scores(names);
        expect(found.filter((score) => score !== undefined)).toHaveLength(10_000);
        expect([found[9_999], found[10_000], found.length]).toEqual([9_999, undefined, 150_000]);
        expect(await set.remove(names)).toBe(10_000);
      });

      test("refuses scores that are no numbers and sizes that are no sizes", async () => {
        const set = make();
        for (const attempt of [
          () => set.increment("a", Number.NaN),
          () => set.set(scores({ a: Number.POSITIVE_INFINITY })),
          () => set.top(-1),
          () => set.pop(-1),
          () => set.range({ offset: -1, count: 1 }),
          () => set.rangeByScore({ count: 0.5 }),
          () => set.rangeByScore({ min: Number.NaN, count: 1 }),
          () => set.trim(0.5),
          () => set.raise(scores({ a: 1 }), { trimTo: -1 }),
        ]) {
          await expect(attempt()).rejects.toBeInstanceOf(InvalidStorageValueError);
        }
        expect(await set.count()).toBe(0);
      });
    });

    describe("a group of sets", () => {
      const group = () => storage.setGroup("crowd", { ttlSeconds: 60 });
      /** As Redis orders text. */
      const sorted = (members: Iterable<string>) =>
        [...new Set(members)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const all = { first: 1_000 };

      test("an empty set has nothing", async () => {
        const [id, other] = [fresh(), fresh()];
        expect(await group().page(id, all)).toEqual([]);
        expect(await group().size(id)).toBe(0);
        expect(await group().has(id, ["a"])).toEqual([false]);
        expect(await group().has(id, [])).toEqual([]);
        expect(await group().remove(id, ["a"])).toBe(0);
        expect(await group().delete(id)).toBe(false);
        expect(await group().intersection([id, other], all)).toEqual([]);
        expect(await group().union([], all)).toEqual([]);
        expect(await group().intersection([], all)).toEqual([]);
        expect(await group().difference([], all)).toEqual([]);
        expect(await group().count("union", [id])).toBe(0);
      });

      test("holds each member once, in the order of its bytes, and gives them out in pages", async () => {
        const id = fresh();
        expect(await group().add(id, ["c", "é", "b", "b"])).toBe(3);
        expect(await group().add(id, ["a", "c"])).toBe(1);
        expect(await group().page(id, all)).toEqual(["a", "b", "c", "é"]);
        expect(await group().page(id, { first: 2 })).toEqual(["a", "b"]);
        expect(await group().page(id, { first: 2, after: "b" })).toEqual(["c", "é"]);
        expect(await group().page(id, { first: 2, after: "bb" })).toEqual(["c", "é"]);
        expect(await group().page(id, { first: 2, after: "é" })).toEqual([]);
        expect(await group().page(id, { first: 1, after: "" })).toEqual(["a"]);
        expect(await group().size(id)).toBe(4);
        expect(await group().has(id, ["é", "x", "a"])).toEqual([true, false, true]);
        expect(await group().remove(id, ["b", "x"])).toBe(1);
        expect(await group().page(id, all)).toEqual(["a", "c", "é"]);
        expect(await group().delete(id)).toBe(true);
        expect(await group().size(id)).toBe(0);
      });

      test("onlyIfExists does not begin a set", async () => {
        const id = fresh();
        expect(await group().add(id, ["a"], { onlyIfExists: true })).toBeUndefined();
        expect(await group().size(id)).toBe(0);
        await group().add(id, ["a"]);
        expect(await group().add(id, ["b"], { onlyIfExists: true })).toBe(1);
        await group().remove(id, ["a", "b"]);
        expect(await group().add(id, ["a"], { onlyIfExists: true })).toBeUndefined();
      });

      test("makes of several sets what each page of it says, whatever they hold", async () => {
        const member = fc.constantFrom("a", "b", "c", "d", "é", "\u{1F355}", "\uFFFD", "aa");
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.array(member), { minLength: 1, maxLength: 4 }),
            fc.integer({ min: 1, max: 3 }),
            async (contents, first) => {
              const ids = contents.map(() => fresh());
              for (const [i, members] of contents.entries()) await group().add(ids[i]!, members);
              const [lead = [], ...others] = contents;
              const expected = {
                union: sorted(contents.flat()),
                intersection: sorted(lead.filter((one) => others.every((o) => o.includes(one)))),
                difference: sorted(lead.filter((one) => !others.some((o) => o.includes(one)))),
              };
              for (const kind of ["union", "intersection", "difference"] as const) {
                const read: string[] = [];
                for (;;) {
                  const page = await group()[kind](ids, { first, after: read.at(-1) });
                  read.push(...page);
                  if (page.length < first) break;
                }
                expect([kind, read]).toEqual([kind, expected[kind]]);
                expect(await group().count(kind, ids)).toBe(expected[kind].length);
              }
            },
          ),
          { numRuns: 20 },
        );
      });

      test("a set named twice counts as often: without itself it has nothing", async () => {
        const id = fresh();
        await group().add(id, ["a", "b"]);
        expect(await group().difference([id, id], all)).toEqual([]);
        expect(await group().count("difference", [id, id, id])).toBe(0);
        expect(await group().intersection([id, id], all)).toEqual(["a", "b"]);
        expect(await group().union([id, id], all)).toEqual(["a", "b"]);
        expect(await group().count("union", [id, id])).toBe(2);
      });

      test("reads sets larger than one command carries", async () => {
        const [even, three, none] = [fresh(), fresh(), fresh()];
        const name = (n: number) => `member-${String(n).padStart(6, "0")}`;
        const multiples = (of: number) =>
          Array.from({ length: Math.floor(6_000 / of) }, (_, i) => name((i + 1) * of));
        expect(await group().add(even, multiples(2))).toBe(3_000);
        await group().add(three, multiples(3));
        await group().add(none, ["other"]);
        expect(await group().count("intersection", [even, three])).toBe(1_000);
        expect(await group().count("union", [even, three, none])).toBe(4_001);
        expect(await group().count("difference", [even, three])).toBe(2_000);
        expect(await group().intersection([even, three], { first: 2, after: name(2_999) })).toEqual(
          [name(3_000), name(3_006)],
        );
        expect(await group().intersection([even, none], all)).toEqual([]);
        expect((await group().has(even, multiples(1))).filter(Boolean)).toHaveLength(3_000);
        expect(await group().remove(even, multiples(4))).toBe(1_500);
      });

      test("a life counts from the first addition, or slides", async () => {
        const [fixed, sliding] = [fresh(), fresh()];
        const slidingGroup = storage.setGroup("crowd", { ttlSeconds: 60, sliding: true });
        await group().add(fixed, ["a"]);
        await slidingGroup.add(sliding, ["a"]);
        await under.advanceSeconds(40);
        await group().add(fixed, ["b"]);
        await slidingGroup.add(sliding, ["b"]);
        await under.advanceSeconds(40);
        expect(await group().size(fixed)).toBe(0);
        expect(await group().size(sliding)).toBe(2);
      });

      test("refuses what is no member, and pages that are none", async () => {
        const id = fresh();
        for (const attempt of [
          () => group().add(id, [""]),
          () => group().add(id, ["x".repeat(513)]),
          () => group().add(id, [7 as never]),
          () => group().add("", ["a"]),
          () => group().page(id, { first: 0 }),
          () => group().page(id, { first: 1.5 }),
          () => group().union([id, ""], all),
          () => group().union([id], { first: 1, after: 5 as never }),
        ]) {
          await expect(attempt()).rejects.toBeInstanceOf(InvalidStorageValueError);
        }
        expect(await group().size(id)).toBe(0);
      });
    });

    describe("a counter", () => {
      const attempts = () => storage.counter("attempt", { ttlSeconds: 60 });

      test("counts what many add at once, in a window that does not slide", async () => {
        const id = fresh();
        await Promise.all(Array.from({ length: 20 }, () => attempts().increment(id)));
        await under.advanceSeconds(40);
        const { value, remainingSeconds } = await attempts().increment(id, 5);
        expect(value).toBe(25);
        expect(remainingSeconds).toBeGreaterThan(0);
        expect(remainingSeconds).toBeLessThanOrEqual(20);
        await under.advanceSeconds(20);
        expect(await attempts().get(id)).toEqual({ value: 0, remainingSeconds: 0 });
        expect((await attempts().increment(id)).value).toBe(1);
      });

      test("is deleted", async () => {
        const id = fresh();
        await attempts().increment(id);
        expect(await attempts().delete(id)).toBe(true);
        expect(await attempts().delete(id)).toBe(false);
        expect((await attempts().get(id)).value).toBe(0);
      });
    });

    test("takes a negative zero for zero, wherever it comes", async () => {
      for (const ties of ["descending", "ascending"] as const) {
        const set = storage.sortedSet("ranking", { id: fresh(), ties });
        await set.set(new Map([["a", -0]]));
        expect(await set.increment("b", -0)).toBe(0);
        expect(await set.scores(["a", "b"])).toEqual([0, 0]);
      }
      const attempts = storage.counter("attempt", { ttlSeconds: 60 });
      expect((await attempts.increment(fresh(), -0)).value).toBe(0);
    });

    test("refuses text that has no bytes of its own, wherever it comes", async () => {
      const id = fresh();
      const lone = "a\ud800";
      const set = storage.sortedSet("ranking", { id });
      const group = storage.setGroup("crowd");
      const letters = storage.hash("letter", { body: text() }, { indexes: { body: "index" } });
      const counted = new Map([[lone, 1]]);
      await visitors().save(id, ada);
      for (const attempt of [
        () => visitors().get(lone),
        () => visitors().save(id, { ...ada, cart: counted }),
        () => visitors().change(id, { counts: { cart: { add: counted } } }),
        () => visitors().change(id, { counts: { cart: { raise: counted } } }),
        () => visitors().change(id, { counts: { cart: { remove: [lone] } } }),
        () => set.set(counted),
        () => set.increment(lone),
        () => set.rank(lone),
        () => set.scores([lone]),
        () => set.remove([lone]),
        () => group.add(id, [lone]),
        () => group.remove(id, [lone]),
        () => group.has(id, [lone]),
        () => group.page(id, { first: 1, after: lone }),
        () => letters.find("body", "x", { after: lone }),
        () => group.union([id, lone], { first: 1 }),
        () => storage.counter("attempt", { ttlSeconds: 60 }).increment(lone),
      ]) {
        await expect(attempt()).rejects.toBeInstanceOf(InvalidStorageValueError);
      }
      expect(await visitors().get(id)).toEqual({ ...ada, cart: new Map() });
      expect(await set.count()).toBe(0);
    });

    test("refuses numbers from which it could not count on", async () => {
      const set = storage.sortedSet("ranking", { id: fresh() });
      const attempts = storage.counter("attempt", { ttlSeconds: 60 });
      for (const attempt of [
        () => set.increment("a", 1.7e308),
        () => set.set(new Map([["a", -1e301]])),
        () => attempts.increment("a", Number.MAX_SAFE_INTEGER),
        () => attempts.increment("a", -1e9 - 1),
        () => visitors().change("a", { counts: { cart: { maxCount: Number.NaN } } }),
        () => visitors().change("a", { counts: { cart: { maxMembers: Number.NaN } } }),
      ]) {
        await expect(attempt()).rejects.toBeInstanceOf(InvalidStorageValueError);
      }
      expect(await set.increment("a", 1e300)).toBe(1e300);
      expect((await attempts.increment(fresh(), 1e9)).value).toBe(1e9);
      const long = storage.hash("long-note", { body: text() }, { ttlSeconds: 3.2e10 });
      const id = fresh();
      await long.save(id, { body: "x" });
      expect(await long.get(id)).toEqual({ body: "x" });
    });

    test("refuses options that it does not know, as one that is misspelt", () => {
      const misspelt = { ttlSecond: 60 } as object;
      const refused = /knows the options .*ttlSeconds.*"ttlSecond" is not one of them/;
      expect(() => storage.hash("a", schema, misspelt)).toThrow(refused);
      expect(() => storage.sortedSet("a", misspelt)).toThrow(refused);
      expect(() => storage.setGroup("a", misspelt)).toThrow(refused);
      expect(() => storage.counter("a", misspelt as CounterOptions)).toThrow(refused);
    });

    test("refuses names and lives that cannot be used", () => {
      const refused = InvalidStorageValueError;
      expect(() => storage.hash("a:b", schema)).toThrow(refused);
      expect(() => storage.sortedSet("")).toThrow(refused);
      expect(() => storage.hash("a", { "b:c": text() })).toThrow(refused);
      expect(() => storage.hash("a", schema, { ttlSeconds: 0 })).toThrow(refused);
      expect(() => storage.hash("a", schema, { ttlSeconds: 1e17 })).toThrow(refused);
      expect(() => storage.counter("a", { ttlSeconds: Number.NaN })).toThrow(refused);
      // As from a misspelt option: on Redis it would count nothing, and so limit nothing.
      expect(() => storage.counter("a", {} as CounterOptions)).toThrow(refused);
      expect(() => storage.counter("a", undefined as never)).toThrow(refused);
    });
  });
}
