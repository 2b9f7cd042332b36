import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import type { Database } from "../../src/origin/database.js";
import { CampaignExistsError, NotFoundError } from "../../src/origin/errors.js";
import { createSegments } from "../../src/services/segments.js";
import { createMemoryStorage } from "../../src/storage/index.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";
import { createGate } from "../support/gate.js";
import { startLastingStorage } from "../support/lasting-storage.js";
import { clusterKind, type StorageUnderTest, storageKinds } from "../support/storages.js";

const page = { first: 100 };
const dayMs = 24 * 3_600_000;
let fresh: FreshDatabase;
/** In the order in which pages show them. */
let customers: string[];
beforeAll(async () => {
  fresh = await freshDatabase();
  const made = [];
  for (let i = 0; i < 5; i += 1) {
    const email = `${i}@example.org`;
    made.push(await createCustomer(fresh.database, { name: "Ada", email, passwordHash: null }));
  }
  customers = made.map(({ id }) => id).sort();
});
afterAll(() => fresh[Symbol.asyncDispose]());
beforeEach(async () => {
  await fresh.database.query("DELETE FROM segments");
  await fresh.database.query("DELETE FROM campaigns");
});

/** The customers of these numbers. */
const some = (...numbers: number[]) => numbers.map((n) => customers[n]!);

describe.each([...storageKinds, clusterKind])("segments on $kind", ({ start }) => {
  let under: StorageUnderTest;
  beforeAll(async () => {
    under = await start();
  });
  afterAll(() => under[Symbol.asyncDispose]());
  let run = 0;
  beforeEach(() => {
    run += 1;
  });
  /** The database's clock is the real one; `daysLater` is what the process takes for now. */
  const make = ({ database = fresh.database as Database, daysLater = 0 } = {}) =>
    createSegments({
      storage: under.storage,
      database,
      now: () => new Date(Date.now() + daysLater * dayMs),
    });
  const name = (text: string) => `${text}-${run}`;
  const fill = async (segment: string, ids: string[]) => {
    for (const id of ids) await make().add(segment, id);
  };

  test("hold each customer once, in pages, and then ask the origin no more", async () => {
    const vip = name("vip");
    await fill(vip, some(3, 0, 2, 0));
    expect(await make().exists(vip)).toBe(true);
    expect(await make().customers(vip, page)).toEqual(some(0, 2, 3));
    expect(await make().customers(vip, { first: 2, after: customers[0] })).toEqual(some(2, 3));
    await make().add(vip, customers[4]!);
    fresh.statements.length = 0;
    expect(await make().size(vip)).toBe(4);
    expect(await make().customers(vip, { first: 1, after: customers[3] })).toEqual(some(4));
    expect(fresh.statements).toEqual([]);
  });

  test("that nobody made are none", async () => {
    expect(await make().exists(name("none"))).toBe(false);
    expect(await make().exists("\0")).toBe(false);
    expect(await make().exists("\ud800")).toBe(false);
    expect(await make().customers(name("none"), page)).toEqual([]);
    expect(await make().size(name("none"))).toBe(0);
    expect(await make().campaign(name("none"))).toBeUndefined();
    expect(await make().campaignCustomers(name("none"), page)).toEqual([]);
    await expect(make().add(name("new"), "nobody")).rejects.toBeInstanceOf(NotFoundError);
    expect(await make().exists(name("new"))).toBe(false);
  });

  test("overlap in who is in all of them", async () => {
    const [vip, vegan, near] = [name("vip"), name("vegan"), name("near")];
    await fill(vip, some(0, 1, 2, 3));
    await fill(vegan, some(1, 2, 4));
    await fill(near, some(1, 2));
    expect(await make().overlap([vip, vegan, near], page)).toEqual(some(1, 2));
    expect(await make().overlap([vip, vegan], { first: 1, after: customers[1] })).toEqual(some(2));
    expect(await make().overlap([vip, vip], page)).toEqual(some(0, 1, 2, 3));
    expect(await make().overlap([vip, name("none")], page)).toEqual([]);
  });

  test("campaigns are aimed at the union of their segments, as it was then", async () => {
    const [vip, vegan] = [name("vip"), name("vegan")];
    await fill(vip, some(0, 1));
    await fill(vegan, some(1, 2));
    const made = await make().createCampaign(name("summer"), [vip, vegan, vip]);
    expect(made).toMatchObject({ id: name("summer"), segments: [vip, vegan], targetCount: 3 });
    await make().add(vip, customers[4]!);
    expect(await make().campaignCustomers(made.id, page)).toEqual(some(0, 1, 2));
    expect(await make().campaign(made.id)).toEqual(made);
    await expect(make().createCampaign(made.id, [vip])).rejects.toBeInstanceOf(CampaignExistsError);
    await expect(make().createCampaign("other", [vip, "none"])).rejects.toThrow('"none"');
    expect(await make().campaign("other")).toBeUndefined();
    fresh.statements.length = 0;
    expect(await make().campaignCustomers(made.id, { first: 1, after: customers[0] })).toEqual(
      some(1),
    );
    expect(fresh.statements).toEqual([]);
  });

  test("what the storage lost comes from the origin", async () => {
    const vip = name("vip");
    await fill(vip, some(0, 1));
    await make().customers(vip, page);
    await under.storage.setGroup("segment").delete(vip);
    expect(await make().customers(vip, page)).toEqual(some(0, 1));
    await under.storage.setGroup("segment").delete(vip);
    await make().add(vip, customers[2]!);
    expect(await make().customers(vip, page)).toEqual(some(0, 1, 2));
  });

  test("what another process could not write is read within ten minutes", async () => {
    const vip = name("vip");
    await fill(vip, some(0));
    expect(await make().size(vip)).toBe(1);
    await fresh.database.query("INSERT INTO segment_members VALUES ($1, $2)", [vip, customers[1]]);
    expect(await make().size(vip)).toBe(1);
    await under.advanceSeconds(600);
    expect(await make().size(vip)).toBe(2);
  });

  test("a customer who is added while a segment is taken over is in it", async () => {
    const vip = name("vip");
    await fill(vip, some(0));
    const read = createGate();
    const database: Database = {
      ...fresh.database,
      async query<Row>(sql: string, params?: readonly unknown[]) {
        const rows = await fresh.database.query<Row>(sql, params);
        if (sql.includes("customer_id") && read.arrivals === 0) await read.pass();
        return rows;
      },
    };
    const reading = make({ database }).customers(vip, page);
    await read.arrived;
    await make().add(vip, customers[1]!);
    read.open();
    expect(await reading).toEqual(some(0, 1));
    expect(await make().customers(vip, page)).toEqual(some(0, 1));
  });

  test("live for thirty days past the last addition, campaigns for seven, and begin anew after", async () => {
    const [vip, summer] = [name("vip"), name("summer")];
    const left = async (table: string, key: string, id: string) => {
      const [row] = await fresh.database.query<{ days: number }>(
        `SELECT extract(epoch FROM expires_at - now())::float / 86400 AS days FROM ${table} WHERE ${key} = $1`,
        [id],
      );
      return row?.days;
    };
    await fill(vip, some(0));
    await make().createCampaign(summer, [vip]);
    await fresh.database.query("UPDATE segments SET expires_at = now() + interval '1 day'");
    await make().add(vip, customers[1]!);
    expect(await left("segments", "name", vip)).toBeCloseTo(30, 1);
    expect(await left("campaigns", "id", summer)).toBeCloseTo(7, 1);
    expect(await make().customers(vip, page)).toEqual(some(0, 1));
    expect(await make({ daysLater: 29 }).customers(vip, page)).toEqual(some(0, 1));
    expect(await make({ daysLater: 31 }).customers(vip, page)).toEqual([]);

    await fresh.database.query("UPDATE segments SET expires_at = now()");
    await fresh.database.query("UPDATE campaigns SET expires_at = now()");
    expect(await make().exists(vip)).toBe(false);
    expect(await make().campaign(summer)).toBeUndefined();
    await make().add(vip, customers[2]!);
    expect(await make().customers(vip, page)).toEqual(some(2));
    expect((await make().createCampaign(summer, [vip])).targetCount).toBe(1);
  });

  test.each([
    ["is known to have ended", 2],
    ["is still taken to live", 0],
  ])(
    "a campaign shows its own customers at once, though one of its id %s",
    async (_, daysLater) => {
      const [vip, vegan, summer] = [name("vip"), name("vegan"), name("summer")];
      await fill(vip, some(0, 1));
      await fill(vegan, some(1, 2));
      await make().createCampaign(summer, [vip]);
      await fresh.database.query("UPDATE campaigns SET expires_at = now() + interval '1 day'");
      expect(await make().campaignCustomers(summer, page)).toEqual(some(0, 1));
      await fresh.database.query("UPDATE campaigns SET expires_at = now()");
      await make({ daysLater }).createCampaign(summer, [vegan]);
      expect(await make({ daysLater }).campaignCustomers(summer, page)).toEqual(some(1, 2));
    },
  );

  test("a campaign that another process began while it could not write shows its customers at once", async () => {
    const [vip, summer] = [name("vip"), name("summer")];
    await fill(vip, some(0, 1));
    await make().createCampaign(summer, [vip]);
    await fresh.database.query("UPDATE campaigns SET expires_at = now() + interval '1 day'");
    expect(await make().campaignCustomers(summer, page)).toEqual(some(0, 1));
    await make().add(vip, customers[2]!);
    await fresh.database.query("UPDATE campaigns SET expires_at = now()");
    const elsewhere = createSegments({ storage: createMemoryStorage(), database: fresh.database });
    await elsewhere.createCampaign(summer, [vip]);
    expect(await make({ daysLater: 2 }).campaignCustomers(summer, page)).toEqual(some(0, 1, 2));
  });

  test("the origin keeps none whose life is over for long", async () => {
    const gone = [name("a"), name("b"), name("c")];
    for (const one of gone) await fill(one, some(0));
    await fresh.database.query("UPDATE segments SET expires_at = now()");
    for (let i = 0; i < 3; i += 1) await make().add(name("new"), customers[i]!);
    const rows = await fresh.database.query<{ name: string }>("SELECT name FROM segments");
    expect(rows).toEqual([{ name: name("new") }]);
  });

  test.each([
    ["", "a"],
    ["x".repeat(101), "a"],
    ["\0", "a"],
    ["a\ud800", "a"],
  ])("refuse the name %j", async (wrong) => {
    const refusal = { code: "E_BAD_INPUT" };
    await expect(make().add(wrong, customers[0]!)).rejects.toMatchObject(refusal);
    await expect(make().overlap(["a", wrong], page)).rejects.toMatchObject(refusal);
    await expect(make().createCampaign(wrong, ["a"])).rejects.toMatchObject(refusal);
    await expect(make().createCampaign("odd", [wrong])).rejects.toMatchObject(refusal);
    await expect(make().overlap([], page)).rejects.toMatchObject(refusal);
    await expect(make().overlap(["a"], { first: 1, after: "\0" })).rejects.toMatchObject(refusal);
    const tooLong = { first: 1, after: "c".repeat(101) };
    await expect(make().customers("a", tooLong)).rejects.toMatchObject(refusal);
    await make().customers("a", { first: 1, after: "c".repeat(100) });
    const many = Array.from({ length: 21 }, (_, i) => `s${i}`);
    await expect(make().createCampaign("many", many)).rejects.toMatchObject(refusal);
  });
});

test("without Redis segments come from the origin, and what was missed is put right", async () => {
  await using lasting = await startLastingStorage();
  const { server, storage } = lasting;
  const segments = createSegments({ storage, database: fresh.database });
  await segments.add("vip", customers[0]!);
  expect(await segments.size("vip")).toBe(1);
  await server.kill();
  await segments.add("vip", customers[1]!);
  await segments.add("vegan", customers[1]!);
  expect(await segments.customers("vip", page)).toEqual(some(0, 1));
  expect(await segments.overlap(["vip", "vegan"], page)).toEqual(some(1));
  expect((await segments.createCampaign("summer", ["vip"])).targetCount).toBe(2);
  expect(await segments.campaignCustomers("summer", page)).toEqual(some(0, 1));
  await server.restart();
  await expect.poll(() => storage.setGroup("segment").size("vip")).toBe(1);
  expect(await segments.customers("vip", page)).toEqual(some(0, 1));
  expect(await storage.setGroup("segment").size("vip")).toBe(2);
});

test("Members of a life that is over do not come back with the next one, though Redis was away when it began", async () => {
  await using lasting = await startLastingStorage();
  const { server, storage } = lasting;
  const segments = createSegments({ storage, database: fresh.database });
  await segments.add("lasting", customers[0]!);
  expect(await segments.customers("lasting", page)).toEqual(some(0));
  await fresh.database.query("UPDATE segments SET expires_at = now() WHERE name = 'lasting'");
  await server.kill();
  await segments.add("lasting", customers[1]!);
  await server.restart();
  await expect.poll(() => storage.setGroup("segment").size("lasting")).toBe(1);
  expect(await segments.customers("lasting", page)).toEqual(some(1));
  expect(await segments.size("lasting")).toBe(1);
});
