import { beforeEach, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import type { Database } from "../../src/origin/database.js";
import { hourlyOrders, recountHours } from "../../src/origin/hourly-orders.js";
import { recount, topItems } from "../../src/origin/popularity.js";
import { closingChecks, isKept } from "../../src/replay/closing-checks.js";
import { createHttpClient } from "../../src/replay/http-client.js";
import { createShop, type Shop } from "../../src/replay/shop.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";

let fresh: FreshDatabase;
beforeEach(async () => {
  fresh = await freshDatabase();
  return () => fresh[Symbol.asyncDispose]();
});

test("items ordered equally often are expected by the bytes of their ids, whatever the database sorts by", async () => {
  const { database } = fresh;
  await database.query(
    'ALTER TABLE menu_item_sizes ALTER COLUMN item_id TYPE text COLLATE "und-x-icu"',
  );
  await database.query(
    `INSERT INTO menu_items (id, name, category, ingredients)
     VALUES ('Zeta', 'Z', 'CLASSIC', '{Tomatoes}'), ('alpha', 'A', 'CLASSIC', '{Tomatoes}')`,
  );
  await database.query(
    "INSERT INTO menu_item_sizes (id, item_id, size, price_cents) VALUES ('z', 'Zeta', 'S', 800), ('a', 'alpha', 'S', 800)",
  );
  await order(database, ["a", "z"], "now()");
  const checks = await closingOf(database);
  expect(checks.find(({ what }) => what === "popular items")).toMatchObject({
    wanted: "Zeta 1, alpha 1",
    found: "Zeta 1, alpha 1",
  });
});

test("orders by hour are compared for yesterday and today, each from its midnight in UTC", async () => {
  const { database } = fresh;
  await database.query("SET TIME ZONE 'Pacific/Auckland'");
  const midnight = "date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'";
  for (const at of ["- interval '48 hours'", "- interval '24 hours 1 ms'"]) {
    await order(database, ["margherita-s"], `${midnight} ${at}`);
  }
  for (const at of ["- interval '24 hours'", "- interval '1 ms'", ""]) {
    await order(database, ["margherita-s"], `${midnight} ${at}`);
  }
  const checks = await closingOf(database);
  const byHour = checks.filter(({ what }) => what.startsWith("orders by hour"));
  expect(byHour.map(({ wanted }) => wanted)).toEqual(["0 1, 23 1", "0 1"]);
  expect(byHour.every(isKept)).toBe(true);
});

/** An order of one pizza of each of the sizes, placed when the SQL says. */
async function order(database: Database, sizeIds: string[], placedAt: string): Promise<void> {
  const email = `${crypto.randomUUID()}@example.org`;
  const { id } = await createCustomer(database, { name: "Ada", email, passwordHash: null });
  const [placed] = await database.query<{ id: bigint }>(
    `INSERT INTO orders (customer_id, total_cents, placed_at) VALUES ($1, 800, ${placedAt}) RETURNING id`,
    [id],
  );
  for (const [at, sizeId] of sizeIds.entries()) {
    await database.query("INSERT INTO order_lines VALUES ($1, $2, $3, 1, 800)", [
      placed!.id,
      at + 1,
      sizeId,
    ]);
  }
  await database.transaction(async (tx) => {
    await recount(tx);
    await recountHours(tx);
  });
}

/** The checks against a server that answers by what the database counted. */
async function closingOf(database: Database) {
  const shop: Shop = {
    ...createShop(createHttpClient("http://127.0.0.1:1/graphql")),
    popularItems: async () =>
      (await topItems(database, 50)).map(({ itemId, timesOrdered }) => ({
        id: itemId,
        timesOrdered,
      })),
    hourlyOrders: (day) => hourlyOrders(database, day),
  };
  const none = { orders: 0, lines: 0, pizzas: 0, revenueCents: 0n };
  return closingChecks(database, [shop], none, { items: [], sizes: new Map() }, []);
}
