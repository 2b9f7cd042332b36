import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addToCart, placeOrder } from "../support/ordering.js";
import { backendKinds, type Pizzeria, startPizzeria } from "../support/pizzeria.js";

const ORDER = `
  id status total customer { name } lines { quantity unitPrice size { id item { name } } }`;
const ORDERS = "{ orders { totalCount edges { node { id total } } } }";

interface Orders {
  orders: {
    totalCount: number;
    edges: { cursor: string; node: { id: string } }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

describe.each(backendKinds)("orders, $name", (kind) => {
  let pizzeria: Pizzeria;
  let ada: string;

  beforeAll(async () => {
    pizzeria = await startPizzeria(kind);
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());
  beforeEach(async () => {
    ada = await pizzeria.signUp("Ada");
  });

  test("takes what is in the cart, and empties it", async () => {
    await addToCart(pizzeria, ada, "margherita-m", 2);
    await addToCart(pizzeria, ada, "harbour-l");
    const { data } = await pizzeria.ask(`mutation { placeOrder { ${ORDER} } }`, { token: ada });
    expect(data.placeOrder).toMatchObject({
      status: "PENDING",
      total: "44.25",
      customer: { name: "Ada" },
      lines: expect.arrayContaining([
        {
          quantity: 2,
          unitPrice: "12.50",
          size: { id: "margherita-m", item: { name: "Margherita" } },
        },
        { quantity: 1, unitPrice: "19.25", size: { id: "harbour-l", item: { name: "Harbour" } } },
      ]),
    });
    const after = await pizzeria.ask("{ session { cart { quantity } } }", { token: ada });
    expect(after.data).toEqual({ session: { cart: [] } });
  });

  test("orders what the same operation put into the cart", async () => {
    const { data, errors } = await pizzeria.ask(
      `mutation { addToCart(sizeId: "marinara-s") { loginTime } placeOrder { total } }`,
      { token: ada },
    );
    expect(errors).toBeUndefined();
    expect(data.placeOrder).toEqual({ total: "8.50" });
  });

  test("appear in the list at once", async () => {
    const first = await placeOrder(pizzeria, ada);
    expect((await pizzeria.ask<Orders>(ORDERS, { token: ada })).data.orders.totalCount).toBe(1);
    const second = await placeOrder(pizzeria, ada);
    const { data } = await pizzeria.ask<Orders>(ORDERS, { token: ada });
    expect(data.orders.edges.map((edge) => edge.node.id)).toEqual([second, first]);
  });

  test("are listed without the origin the second time", async () => {
    await placeOrder(pizzeria, ada);
    const before = await pizzeria.ask(ORDERS, { token: ada });
    pizzeria.statements.length = 0;
    const again = await pizzeria.ask(ORDERS, { token: ada });
    expect(again.data).toEqual(before.data);
    expect(pizzeria.statements).toEqual([]);
  });

  test("placed twice with one key are one order", async () => {
    await addToCart(pizzeria, ada, "margherita-s");
    const mutation = 'mutation { placeOrder(idempotencyKey: "once") { id } }';
    const first = await pizzeria.ask(mutation, { token: ada });
    const second = await pizzeria.ask(mutation, { token: ada });
    expect(second.errors).toBeUndefined();
    expect(second.data).toEqual(first.data);
    const { data } = await pizzeria.ask<Orders>(ORDERS, { token: ada });
    expect(data.orders.totalCount).toBe(1);
  });

  test("placed five times at once are one order: who comes late finds the cart empty", async () => {
    await addToCart(pizzeria, ada, "margherita-s", 2);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        pizzeria.ask<{ placeOrder: { id: string } } | null>("mutation { placeOrder { id } }", {
          token: ada,
        }),
      ),
    );
    const outcomes = answers.map(
      ({ data, errors }) => data?.placeOrder.id ?? errors?.[0]?.extensions.code,
    );
    const { data } = await pizzeria.ask<Orders & { session: unknown }>(
      "{ orders { totalCount edges { node { id } } } session { cart { quantity } } }",
      { token: ada },
    );
    expect(data).toMatchObject({ orders: { totalCount: 1 }, session: { cart: [] } });
    const id = data.orders.edges[0]?.node.id;
    expect(outcomes).toContain(id);
    expect(outcomes.filter((one) => one !== id && one !== "EMPTY_CART")).toEqual([]);
  });

  test("come in pages that follow each other", async () => {
    const ids = [];
    for (let i = 0; i < 3; i += 1) ids.unshift(await placeOrder(pizzeria, ada));
    const page = async (after: string | null) =>
      (
        await pizzeria.ask<Orders>(
          `query ($after: String) { orders(first: 2, after: $after) {
             totalCount edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }`,
          { token: ada, variables: { after } },
        )
      ).data.orders;
    const first = await page(null);
    const second = await page(first.pageInfo.endCursor);
    expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    expect(second).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: false } });
    expect([...first.edges, ...second.edges].map((edge) => edge.node.id)).toEqual(ids);
  });

  test("are refused for an empty cart", async () => {
    expect(await pizzeria.codeOf("mutation { placeOrder { id } }", { token: ada })).toBe(
      "EMPTY_CART",
    );
  });

  test("are refused for an item that cannot be had", async () => {
    const set = (available: boolean) =>
      `mutation { setAvailability(itemId: "forest-floor", available: ${available}) { id } }`;
    const staff = await pizzeria.signInStaff();
    await addToCart(pizzeria, ada, "forest-floor-s");
    await pizzeria.ask(set(false), { token: staff });
    expect(await pizzeria.codeOf("mutation { placeOrder { id } }", { token: ada })).toBe(
      "ITEM_UNAVAILABLE",
    );
    await pizzeria.ask(set(true), { token: staff });
  });

  test("are refused whole when an ingredient runs out, and say which and how much is left", async () => {
    const { database } = pizzeria.app.backends;
    await database.query("UPDATE ingredients SET stock = 1 WHERE name = 'Basil'");
    await addToCart(pizzeria, ada, "marinara-s");
    await addToCart(pizzeria, ada, "margherita-s", 2);
    const { errors } = await pizzeria.ask("mutation { placeOrder { id } }", { token: ada });
    expect(errors?.[0]?.extensions).toEqual({
      code: "INSUFFICIENT_STOCK",
      ingredient: "Basil",
      left: 1,
    });
    const { data } = await pizzeria.ask<{ orders: unknown; session: { cart: unknown[] } }>(
      "{ orders { totalCount } session { cart { quantity } } }",
      { token: ada },
    );
    expect(data.orders).toEqual({ totalCount: 0 });
    expect(data.session.cart).toHaveLength(2);
    await database.query("UPDATE ingredients SET stock = 1000 WHERE name = 'Basil'");
  });

  test.each([
    "{ orders(first: 0) { totalCount } }",
    "{ orders(first: 101) { totalCount } }",
    "{ orders(first: -1) { totalCount } }",
    '{ orders(after: "no cursor") { totalCount } }',
    `mutation { placeOrder(idempotencyKey: "${"k".repeat(201)}") { id } }`,
  ])("are refused for %s", async (query) => {
    expect(await pizzeria.codeOf(query, { token: ada })).toBe("BAD_USER_INPUT");
  });

  test.each(["0", "-1", "1e3", "9".repeat(30), "x' OR 1=1", "\\u0000"])(
    "are none for the id %s",
    async (id) => {
      const { data, errors } = await pizzeria.ask(`{ order(id: "${id}") { id } }`, { token: ada });
      expect(errors).toBeUndefined();
      expect(data).toEqual({ order: null });
    },
  );
});
