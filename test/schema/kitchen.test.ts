import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { KitchenTicketRow, OrderRow } from "../../src/origin/rows.js";
import { kitchenResolvers } from "../../src/schema/kitchen.resolvers.js";
import { placeOrder } from "../support/ordering.js";
import { backendKinds, type Pizzeria, startPizzeria } from "../support/pizzeria.js";

const TICKET = "priority station startedAt order { id status }";

interface Ticket {
  priority: number;
  station: string | null;
  startedAt: string | null;
  order: { id: string; status: string };
}

test("a ticket shows its order as it was with it, though it has gone on since", async () => {
  const resolve = kitchenResolvers.KitchenTicket?.order as unknown as (
    ticket: Partial<KitchenTicketRow>,
    args: object,
    context: object,
  ) => Promise<OrderRow>;
  const order = { id: "1", status: "READY", readyAt: new Date() };
  const context = { loaders: { orderById: { load: async () => order } } };
  expect(await resolve({ orderId: "1", status: "PENDING" }, {}, context)).toEqual({
    id: "1",
    status: "PENDING",
    readyAt: null,
  });
  expect(await resolve({ orderId: "1", status: "READY" }, {}, context)).toBe(order);
});

describe.each(backendKinds)("the kitchen, $name", (kind) => {
  let pizzeria: Pizzeria;
  let staff: string;
  let ada: string;

  beforeAll(async () => {
    // A ticket that comes back is no mutation's: the relay evicts it.
    pizzeria = await startPizzeria(kind, { relay: true });
    staff = await pizzeria.signInStaff();
    ada = await pizzeria.signUp("Ada");
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());
  beforeEach(async () => {
    while (await claim("nobody"));
  });

  async function run<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const { data, errors } = await pizzeria.ask<Data>(query, { token: staff, variables });
    expect(errors).toBeUndefined();
    return data;
  }
  const codeOf = (query: string) => pizzeria.codeOf(query, { token: staff });
  const claim = async (station: string) =>
    (
      await run<{ claimNextTicket: Ticket | null }>(
        `mutation ($station: String!) { claimNextTicket(station: $station) { ${TICKET} } }`,
        { station },
      )
    ).claimNextTicket;
  const waiting = async (first = 100) =>
    (
      await run<{ kitchenQueue: Ticket[] }>(
        `query ($first: Int) {
        kitchenQueue(first: $first) { ${TICKET} } }`,
        { first },
      )
    ).kitchenQueue.map((ticket) => ticket.order.id);
  const prioritise = (orderId: string, priority: number) =>
    run(
      `mutation ($orderId: ID!, $priority: Int!) {
      setPriority(orderId: $orderId, priority: $priority) { priority } }`,
      { orderId, priority },
    );
  const complete = (orderId: string) =>
    `mutation { completeTicket(orderId: "${orderId}") { id status readyAt } }`;
  const statusOf = async (orderId: string) => {
    const { data } = await pizzeria.ask<{ order: { status: string } }>(
      `{ order(id: "${orderId}") { status } }`,
      { token: ada },
    );
    return data.order.status;
  };
  const order = () => placeOrder(pizzeria, ada);
  /** Its station counts as gone. */
  const passDeadline = (orderId: string) =>
    pizzeria.app.backends.database.query(
      "UPDATE kitchen_tickets SET claimed_until = now() - interval '1 second' WHERE order_id = $1",
      [orderId],
    );

  test("is given each order's ticket, and works at the first that came", async () => {
    const [first, second] = [await order(), await order()];
    expect(await waiting()).toEqual([first, second]);
    expect(await waiting(1)).toEqual([first]);
    expect(await claim("oven 1")).toEqual({
      priority: 0,
      station: "oven 1",
      startedAt: expect.any(String),
      order: { id: first, status: "PREPARING" },
    });
    expect(await waiting()).toEqual([second]);
    expect((await claim("oven 2"))?.order.id).toBe(second);
    expect(await claim("oven 1")).toBeNull();
  });

  test("works at the highest priority before, and first come first served within one", async () => {
    const [a, b, c, d] = [await order(), await order(), await order(), await order()];
    await prioritise(c, 5);
    await prioritise(b, 5);
    await prioritise(a, -1);
    expect(await waiting()).toEqual([b, c, d, a]);
    await prioritise(a, 1_000_000);
    await prioritise(b, 0);
    const claimed = [];
    for (let i = 0; i < 4; i += 1) claimed.push((await claim("oven"))?.order.id);
    expect(claimed).toEqual([a, c, b, d]);
  });

  test("shows its customer how far an order is, at the next read", async () => {
    const id = await order();
    expect(await statusOf(id)).toBe("PENDING");
    await claim("oven");
    expect(await statusOf(id)).toBe("PREPARING");
    const { completeTicket } = await run<{ completeTicket: unknown }>(complete(id));
    expect(completeTicket).toEqual({ id, status: "READY", readyAt: expect.any(String) });
    expect(await statusOf(id)).toBe("READY");
    const { data } = await pizzeria.ask("{ orders(first: 1) { edges { node { status } } } }", {
      token: ada,
    });
    expect(data).toEqual({ orders: { edges: [{ node: { status: "READY" } }] } });
  });

  test("completes a ticket once, of many that do", async () => {
    const id = await order();
    expect(await codeOf(complete(id))).toBe("TICKET_NOT_CLAIMED");
    await claim("oven");
    const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(complete(id))));
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes.filter((code) => code === "TICKET_COMPLETED")).toHaveLength(4);
    expect(
      await codeOf(`mutation { setPriority(orderId: "${id}", priority: 1) { priority } }`),
    ).toBe("TICKET_COMPLETED");
  });

  test("gets a ticket back from a station that lets its deadline pass, in its old place", async () => {
    const [first, second] = [await order(), await order()];
    await claim("oven that dies");
    await passDeadline(first);
    expect(await statusOf(first)).toBe("PREPARING");
    await pizzeria.app.services.kitchen.tend();
    await expect.poll(() => statusOf(first)).toBe("PENDING");
    expect(await waiting()).toEqual([first, second]);
    expect(await codeOf(complete(first))).toBe("TICKET_NOT_CLAIMED");
    expect(await claim("oven")).toMatchObject({ station: "oven", order: { id: first } });
    await pizzeria.app.services.kitchen.tend();
    expect(await waiting()).toEqual([second]);
    await run(complete(first));
  });

  test("twenty stations at once are given each ticket once", async () => {
    const ids = [];
    for (let i = 0; i < 15; i += 1) ids.push(await order());
    const claimed = await Promise.all(Array.from({ length: 20 }, (_, i) => claim(`oven ${i}`)));
    expect(claimed.flatMap((ticket) => ticket?.order.id ?? []).sort()).toEqual(ids.sort());
  });

  test("keeps what its queue lost", async () => {
    const [first, second, third] = [await order(), await order(), await order()];
    await prioritise(third, 1);
    await pizzeria.app.backends.storage.sortedSet("kitchen-queue", { ties: "ascending" }).delete();
    await pizzeria.app.services.kitchen.tend();
    expect(await waiting()).toEqual([third, first, second]);
  });

  test.each([
    'mutation { claimNextTicket(station: "") { priority } }',
    `mutation { claimNextTicket(station: "${"x".repeat(101)}") { priority } }`,
    'mutation { claimNextTicket(station: "\\u0000") { priority } }',
    'mutation { setPriority(orderId: "1", priority: 1000001) { priority } }',
    "{ kitchenQueue(first: 0) { priority } }",
    "{ kitchenQueue(first: 101) { priority } }",
  ])("refuses %s", async (query) => {
    expect(await codeOf(query)).toBe("BAD_USER_INPUT");
  });

  test.each([
    'mutation { setPriority(orderId: "999999", priority: 1) { priority } }',
    'mutation { setPriority(orderId: "x", priority: 1) { priority } }',
    'mutation { completeTicket(orderId: "999999") { id } }',
    'mutation { completeTicket(orderId: "\\u0000") { id } }',
  ])("knows no such order: %s", async (query) => {
    expect(await codeOf(query)).toBe("NOT_FOUND");
  });
});
