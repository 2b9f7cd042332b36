import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../src/origin/database.js";
import { createHourlyOrders } from "../../src/services/hourly-orders.js";
import { counts, date } from "../../src/storage/index.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";
import { createGate } from "../support/gate.js";
import { startLastingStorage } from "../support/lasting-storage.js";
import { type StorageUnderTest, storageKinds } from "../support/storages.js";

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh[Symbol.asyncDispose]());
beforeEach(async () => {
  await fresh.database.query("DELETE FROM hourly_order_counts");
});

/** As the transaction of an order does. */
async function order(at: string): Promise<{ placedAt: Date; ordersOfHour: number }> {
  const placedAt = new Date(at);
  const [row] = await fresh.database.query<{ orders: number }>(
    `INSERT INTO hourly_order_counts (day, hour, orders) VALUES ($1, $2, 1)
     ON CONFLICT (day, hour) DO UPDATE SET orders = hourly_order_counts.orders + 1 RETURNING orders`,
    [at.slice(0, 10), placedAt.getUTCHours()],
  );
  return { placedAt, ordersOfHour: row!.orders };
}

const today = "2024-01-01";

describe.each(storageKinds)("orders by hour on $kind", ({ start }) => {
  let under: StorageUnderTest;
  beforeEach(async () => {
    under = await start();
    return () => under[Symbol.asyncDispose]();
  });
  const make = (database = fresh.database) =>
    createHourlyOrders({ storage: under.storage, database, now: under.now });

  test("are built from the origin where none are stored, and then ask it no more", async () => {
    await order(`${today}T12:59:59.999Z`);
    await order(`${today}T12:00:00Z`);
    await order(`${today}T09:30:00Z`);
    await order("2023-12-31T09:30:00Z");
    const expected = [
      { hour: 9, orders: 1 },
      { hour: 12, orders: 2 },
    ];
    const hours = make();
    expect(await hours.of(today)).toEqual(expected);
    fresh.statements.length = 0;
    expect(await hours.of(today)).toEqual(expected);
    expect(await make().of(today)).toEqual(expected);
    expect(fresh.statements).toEqual([]);
  });

  test("take over each order, late, twice or at once", async () => {
    const hours = make();
    expect(await hours.of(today)).toEqual([]);
    const orders = [];
    for (let i = 0; i < 10; i += 1) orders.push(await order(`${today}T23:00:00Z`));
    await Promise.all([...orders.reverse(), ...orders].map((one) => make().record(one)));
    fresh.statements.length = 0;
    expect(await hours.of(today)).toEqual([{ hour: 23, orders: 10 }]);
    expect(fresh.statements).toEqual([]);
  });

  test("an order recorded before the day is built makes no day of its own", async () => {
    await order(`${today}T08:00:00Z`);
    await make().record(await order(`${today}T09:00:00Z`));
    expect(await make().of(today)).toEqual([
      { hour: 8, orders: 1 },
      { hour: 9, orders: 1 },
    ]);
  });

  test("an order that is committed and recorded while the day is built is in it", async () => {
    await order(`${today}T08:00:00Z`);
    const read = createGate();
    const database: typeof fresh.database = {
      ...fresh.database,
      async query<Row>(sql: string, params?: readonly unknown[]) {
        const rows = await fresh.database.query<Row>(sql, params);
        if (read.arrivals === 0) await read.pass();
        return rows;
      },
    };
    const building = make(database).of(today);
    await read.arrived;
    await make().record(await order(`${today}T08:00:00Z`));
    read.open();
    expect(await building).toEqual([{ hour: 8, orders: 2 }]);
    expect(await make().of(today)).toEqual([{ hour: 8, orders: 2 }]);
  });

  test("are kept for seven days, and come from the origin before and after", async () => {
    await order("2023-12-26T08:00:00Z");
    await order("2023-12-25T08:00:00Z");
    await order("2024-01-02T08:00:00Z");
    const stored = under.storage.hash("hourly-orders", {});
    for (const day of ["2023-12-26", "2023-12-25", "2024-01-02"]) {
      expect(await make().of(day)).toEqual([{ hour: 8, orders: 1 }]);
      expect([day, (await stored.get(day)) !== undefined]).toEqual([day, day === "2023-12-26"]);
    }
    await under.advanceSeconds(7 * 24 * 3_600);
    expect(await stored.get("2023-12-26")).toBeUndefined();
  });

  test("are read anew from the origin within the hour", async () => {
    await make().of(today);
    await order(`${today}T00:30:00Z`);
    expect(await make().of(today)).toEqual([]);
    await under.advanceSeconds(3_600);
    expect(await make().of(today)).toEqual([{ hour: 0, orders: 1 }]);
  });

  test("are read anew from the origin after an import", async () => {
    await make().of(today);
    await order(`${today}T00:30:00Z`);
    await make().forget();
    expect(await make().of(today)).toEqual([{ hour: 0, orders: 1 }]);
  });
});

test("without Redis they come from the origin, orders pass, and what was missed is put right", async () => {
  await using lasting = await startLastingStorage();
  const { server, storage } = lasting;
  const now = () => new Date(`${today}T12:00:00Z`);
  const hours = createHourlyOrders({ storage, database: fresh.database, now });
  await hours.of(today);
  await server.kill();
  await hours.record(await order(`${today}T12:00:00Z`));
  expect(await hours.of(today)).toEqual([{ hour: 12, orders: 1 }]);
  await server.restart();
  await expect.poll(() => hours.of(today)).toEqual([{ hour: 12, orders: 1 }]);
});

test("What one process could not write, no other goes on without once that one writes again", async () => {
  await using lasting = await startLastingStorage();
  const { server, storage } = lasting;
  const now = () => new Date(`${today}T12:00:00Z`);
  const make = () => createHourlyOrders({ storage, database: fresh.database, now });
  const [writer, reader] = [make(), make()];
  const before = (await reader.of(today)).find(({ hour }) => hour === 10)?.orders ?? 0;
  await server.kill();
  await writer.record(await order(`${today}T10:00:00Z`));
  await server.restart();
  const days = storage.hash("hourly-orders", { orders: counts(), builtAt: date() });
  await expect
    .poll(async () => {
      await writer.record(await order(`${today}T11:00:00Z`));
      await reader.of(today);
      return (await days.get(today))?.orders.get("10");
    })
    .toBe(before + 1);
});

test("What this process could not write is believed by nobody while another reader builds it anew", async () => {
  await using lasting = await startLastingStorage();
  const { server, storage } = lasting;
  const now = () => new Date(`${today}T12:00:00Z`);
  const read = createGate();
  let isHeld = false;
  const database: Database = {
    ...fresh.database,
    async query<Row>(sql: string, params?: readonly unknown[]) {
      if (isHeld) await read.pass();
      return fresh.database.query<Row>(sql, params);
    },
  };
  const hours = createHourlyOrders({ storage, database, now });
  expect(await hours.of(today)).toEqual([]);
  await server.kill();
  await hours.record(await order(`${today}T12:00:00Z`));
  await server.restart();
  const days = storage.hash("hourly-orders", { orders: counts(), builtAt: date() });
  await expect.poll(() => days.get(today).catch(() => undefined)).toBeDefined();
  isHeld = true;
  const first = hours.of(today);
  await read.arrived;
  const second = hours.of(today);
  await Promise.race([second, read.arrivedTimes(2)]);
  read.open();
  const expected = [{ hour: 12, orders: 1 }];
  expect(await Promise.all([first, second])).toEqual([expected, expected]);
});
