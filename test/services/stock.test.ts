import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import {
  backendKinds,
  openPizzeria,
  type Pizzeria,
  startBackends,
  type TestBackends,
} from "../support/pizzeria.js";

const CUSTOMERS = 500;
const STOCK = 100;

describe.each(backendKinds)("the stock, $name", (kind) => {
  let backends: TestBackends;
  let pizzerias: Pizzeria[];
  beforeAll(async () => {
    backends = await startBackends(kind);
    const here = await openPizzeria(backends);
    // Servers share the origin, which an embedded one cannot be.
    pizzerias = kind.database === "postgres" ? [here, await openPizzeria(backends)] : [here];
  });
  afterAll(async () => {
    for (const one of pizzerias) await one[Symbol.asyncDispose]();
    await backends[Symbol.asyncDispose]();
  });

  test(`of ${CUSTOMERS} orders at once for the last ${STOCK}, ${STOCK} are placed, and nothing is left of the others`, async () => {
    const { database, redis } = pizzerias[0]!.app.backends;
    const { sessions, kitchen, hourlyOrders } = pizzerias[0]!.app.services;
    await database.query("UPDATE ingredients SET stock = $1 WHERE name = 'Capers'", [STOCK]);
    const before = await database.query<{ name: string; stock: number }>(
      "SELECT name, stock FROM ingredients",
    );
    const tokens: string[] = [];
    for (let i = 0; i < CUSTOMERS; i += 1) {
      const email = `${i}@example.org`;
      const { id } = await createCustomer(database, { name: "Ada", email, passwordHash: null });
      const { token } = await sessions.create({ customerId: id, role: "customer" });
      await sessions.addToCart(token, "harbour-s", 1);
      tokens.push(token);
    }

    const codes = await Promise.all(
      tokens.map(async (token, i) => {
        const pizzeria = pizzerias[i % pizzerias.length]!;
        const { errors } = await pizzeria.ask("mutation { placeOrder { id } }", { token });
        return errors?.[0]?.extensions ?? "placed";
      }),
    );
    expect(codes.filter((code) => code === "placed")).toHaveLength(STOCK);
    const refused = codes.filter((code) => code !== "placed");
    expect(new Set(refused.map((code) => JSON.stringify(code)))).toEqual(
      new Set(['{"code":"INSUFFICIENT_STOCK","ingredient":"Capers","left":0}']),
    );

    const taken = new Set(["Tomato Sauce", "Tuna", "Capers", "Red Onion", "Olives"]);
    const after = await database.query<{ name: string; stock: number }>(
      "SELECT name, stock FROM ingredients",
    );
    expect(new Map(after.map(({ name, stock }) => [name, stock]))).toEqual(
      new Map(before.map(({ name, stock }) => [name, taken.has(name) ? stock - STOCK : stock])),
    );
    const [rows] = await database.query<Record<string, number>>(
      `SELECT (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM order_lines) AS lines,
              (SELECT count(*)::int FROM kitchen_tickets) AS tickets,
              (SELECT sum(times_ordered)::int FROM item_order_counts) AS pizzas,
              (SELECT sum(orders)::int FROM hourly_order_counts) AS hours`,
    );
    expect(rows).toEqual({
      orders: STOCK,
      lines: STOCK,
      tickets: STOCK,
      pizzas: STOCK,
      hours: STOCK,
    });
    expect(await kitchen.waiting(STOCK)).toHaveLength(STOCK);
    const days = await database.query<{ day: string }>(
      "SELECT DISTINCT hourly_order_counts.day FROM hourly_order_counts",
    );
    const hours = await Promise.all(days.map(({ day }) => hourlyOrders.of(day)));
    expect(hours.flat().reduce((sum, { orders }) => sum + orders, 0)).toBe(STOCK);

    // Those who ordered have an empty cart, the others what they had; nobody's checkout is left open.
    const found = await Promise.all(tokens.map((token) => sessions.find(token)));
    expect(found.filter((one) => one?.cart.length === 0)).toHaveLength(STOCK);
    expect(found.filter((one) => one?.checkout !== null)).toEqual([]);
    if (kind.database === "postgres") {
      const locks = await database.query(
        `SELECT 1 FROM pg_locks WHERE relation IN ('ingredients'::regclass, 'orders'::regclass)`,
      );
      expect(locks).toEqual([]);
    }
    const keys = redis && "keys" in redis ? await redis.keys("*lock*") : [];
    expect(keys).toEqual([]);
  }, 120_000);
});
