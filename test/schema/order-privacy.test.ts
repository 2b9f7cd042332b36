import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { placeOrder } from "../support/ordering.js";
import { backendKinds, type Pizzeria, startPizzeria } from "../support/pizzeria.js";

const ORDERS = "{ orders { totalCount } }";
interface Orders {
  orders: { totalCount: number; edges: { cursor: string; node: { id: string } }[] };
}

describe.each(backendKinds)("orders belong to who placed them, $name", (kind) => {
  let pizzeria: Pizzeria;
  let ada: string;
  let grace: string;

  beforeAll(async () => {
    pizzeria = await startPizzeria(kind);
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());
  beforeEach(async () => {
    ada = await pizzeria.signUp("Ada");
    grace = await pizzeria.signUp("Grace");
  });

  test("and nobody else sees one by its id, however the query is written", async () => {
    const adas = await placeOrder(pizzeria, ada);
    const graces = await placeOrder(pizzeria, grace);
    const query = `
      query ($id: ID!) {
        order(id: $id) { ...Seen }
        forged: order(id: "${adas}") { ...Seen }
        ... on Query { again: order(id: $id) { id total } }
      }
      fragment Seen on Order { id customer { name } }`;
    const asAda = await pizzeria.ask(query, { token: ada, variables: { id: adas } });
    expect(asAda.data).toMatchObject({ order: { id: adas }, forged: { id: adas } });

    const asGrace = await pizzeria.ask(query, { token: grace, variables: { id: adas } });
    expect(asGrace.data).toEqual({ order: null, forged: null, again: null });
    const own = await pizzeria.ask(query, { token: grace, variables: { id: graces } });
    expect(own.data).toMatchObject({ order: { id: graces }, forged: null });
  });

  test("and nobody else sees them in a list, cached or not", async () => {
    await placeOrder(pizzeria, ada);
    const query = "{ orders { totalCount edges { node { customer { name } } } } }";
    for (let read = 1; read <= 2; read += 1) {
      const asAda = await pizzeria.ask<Orders>(query, { token: ada });
      expect(asAda.data.orders.totalCount).toBe(1);
      const asGrace = await pizzeria.ask<Orders>(query, { token: grace });
      expect(asGrace.data.orders).toEqual({ totalCount: 0, edges: [] });
    }
  });

  test("and another's cursor opens nothing but one's own orders", async () => {
    await placeOrder(pizzeria, grace);
    await placeOrder(pizzeria, ada);
    const query = "{ orders(first: 1) { edges { cursor node { id } } } }";
    const { data } = await pizzeria.ask<Orders>(query, { token: ada });
    const asGrace = await pizzeria.ask<Orders>(
      `{ orders(after: "${data.orders.edges[0]?.cursor}") { edges { node { customer { name } } } } }`,
      { token: grace },
    );
    expect(asGrace.data.orders.edges).toEqual([{ node: { customer: { name: "Grace" } } }]);
  });

  test("but staff see any", async () => {
    const id = await placeOrder(pizzeria, ada);
    const staff = await pizzeria.signInStaff();
    const { data } = await pizzeria.ask(`{ order(id: "${id}") { customer { name } } }`, {
      token: staff,
    });
    expect(data.order).toEqual({ customer: { name: "Ada" } });
  });

  test("and without a session there is null, or UNAUTHENTICATED, and nothing is cached", async () => {
    const id = await placeOrder(pizzeria, ada);
    const entries = await pizzeria.app.backends.cache.estimateEntries();
    const { data } = await pizzeria.ask(`{ order(id: "${id}") { id } }`);
    expect(data).toEqual({ order: null });
    expect(await pizzeria.codeOf(ORDERS)).toBe("UNAUTHENTICATED");
    expect(await pizzeria.codeOf("mutation { placeOrder { id } }")).toBe("UNAUTHENTICATED");
    expect(await pizzeria.app.backends.cache.estimateEntries()).toBe(entries);
  });

  test("and a session that ended sees none, though they are cached", async () => {
    const id = await placeOrder(pizzeria, ada);
    const query = `{ order(id: "${id}") { id } }`;
    expect((await pizzeria.ask(query, { token: ada })).data).toEqual({ order: { id } });
    await pizzeria.ask("mutation { signOut }", { token: ada });
    expect((await pizzeria.ask(query, { token: ada })).data).toEqual({ order: null });
  });
});
