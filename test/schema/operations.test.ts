import { makeExecutableSchema } from "@graphql-tools/schema";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { typeDefs as directiveTypeDefs } from "../../src/directives/type-defs.js";
import { typeDefs } from "../../src/schema/index.js";
import { addToCart, placeOrder } from "../support/ordering.js";
import { allKinds, type Pizzeria, startPizzeria } from "../support/pizzeria.js";
import { type Operation, operations } from "./operations.js";

const named = operations.map((one) => [one.coordinate, one] as const);
const takingInput = operations.filter(
  ({ coordinate, bad }) => coordinate.startsWith("Mutation.") || Object.keys(bad).length > 0,
);
/** What a client may be told of input that is wrong. */
const typed =
  /^(BAD_USER_INPUT|NOT_FOUND|UNAUTHENTICATED|TOO_MANY_ATTEMPTS|EMAIL_TAKEN|GRAPHQL_VALIDATION_FAILED)$/;

test("every operation is among those that are tried, but the subscription, which has its own tests", () => {
  const schema = makeExecutableSchema({ typeDefs: [directiveTypeDefs, ...typeDefs] });
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const coordinates = roots.flatMap((type) =>
    Object.keys(type?.getFields() ?? {}).map((name) => `${type?.name}.${name}`),
  );
  expect(
    [...operations.map(({ coordinate }) => coordinate), "Subscription.kitchenTickets"].sort(),
  ).toEqual(coordinates.sort());
});

describe.each(allKinds)("every operation, $name", (kind) => {
  let pizzeria: Pizzeria;
  let staff: string;
  let customer: string;
  let customerId: string;
  beforeAll(async () => {
    pizzeria = await startPizzeria(kind);
    staff = await pizzeria.signInStaff();
    customer = await pizzeria.signUp("Ada");
    const { data } = await pizzeria.ask<{ me: { id: string } }>("{ me { id } }", {
      token: customer,
    });
    customerId = data.me.id;
    // Order 1, which waits in the kitchen.
    await placeOrder(pizzeria, customer);
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());

  const variablesOf = ({ variables }: Operation, changed: Record<string, unknown> = {}) =>
    Object.fromEntries(
      Object.entries({ ...variables, ...changed }).map(([name, value]) => [
        name,
        value === "$customer" ? customerId : value,
      ]),
    );
  const codeOf = (operation: Operation, token?: string, changed?: Record<string, unknown>) =>
    pizzeria.codeOf(operation.query, { token, variables: variablesOf(operation, changed) });

  /** All that the origin holds, and the customer's session but its times. */
  async function state(): Promise<unknown> {
    const { database } = pizzeria.app.backends;
    await expect.poll(writesPending, { timeout: 10_000 }).toBe(0);
    const tables = await database.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'cache_evictions' ORDER BY 1",
    );
    const digests = [];
    for (const { name } of tables) {
      const [row] = await database.query<{ digest: string | null }>(
        `SELECT md5(string_agg(row::text, ',' ORDER BY row::text)) AS digest FROM ${name} AS row`,
      );
      digests.push([name, row?.digest]);
    }
    const { data } = await pizzeria.ask(
      "{ session { cart { quantity size { id } } preferences { language vegetarian favouriteItems { id } } } }",
      { token: customer },
    );
    return { digests, session: data };
  }

  /** Preferences reach the database a moment later. */
  async function writesPending(): Promise<number> {
    const { body } = await pizzeria.app.fastify.inject("/metrics");
    return Number(/^write_behind_pending\{queue="customer-preferences"\} (\S+)$/m.exec(body)?.[1]);
  }

  test("is refused to who may not do it, and changes nothing then", async () => {
    const before = await state();
    for (const operation of operations) {
      if (operation.who === "anybody") continue;
      const told = [await codeOf(operation), await codeOf(operation, "x".repeat(43))];
      expect([operation.coordinate, told]).toEqual([
        operation.coordinate,
        ["UNAUTHENTICATED", "UNAUTHENTICATED"],
      ]);
      if (operation.who !== "staff") continue;
      expect([operation.coordinate, await codeOf(operation, customer)]).toEqual([
        operation.coordinate,
        "FORBIDDEN",
      ]);
    }
    expect(await state()).toEqual(before);
  });

  test("tells a stranger nothing of anybody, and a customer nothing of another", async () => {
    const other = await pizzeria.signUp("Eve");
    const own = '{ me { id } session { loginTime } order(id: "1") { id } }';
    expect((await pizzeria.ask(own)).data).toEqual({ me: null, session: null, order: null });
    const { data } = await pizzeria.ask<{ me: { id: string }; order: unknown }>(own, {
      token: other,
    });
    expect(data.order).toBeNull();
    expect(data.me.id).not.toBe(customerId);
    const orders = await pizzeria.ask("{ orders { totalCount edges { node { id } } } }", {
      token: other,
    });
    expect(orders.data).toEqual({ orders: { totalCount: 0, edges: [] } });
    for (const mutation of ["mutation { signOut }", "mutation { signOutEverywhere }"]) {
      expect(Object.values((await pizzeria.ask(mutation)).data)).toEqual([false]);
    }
    expect(
      (await pizzeria.ask<{ me: unknown }>("{ me { id } }", { token: customer })).data.me,
    ).not.toBeNull();
  });

  describe("of wrong input", () => {
    beforeEach(async () => {
      await pizzeria.ask("mutation { placeOrder { id } }", { token: customer });
      await addToCart(pizzeria, customer, "marinara-s");
      await pizzeria.ask('mutation { setPreferences(language: "it") { loginTime } }', {
        token: customer,
      });
    });

    test.each(takingInput.map((one) => [one.coordinate, one] as const))(
      "makes an error with a code, and nothing else: %s",
      async (_coordinate, operation) => {
        const token = operation.who === "staff" ? staff : customer;
        const before = await state();
        const required = Array.from(
          operation.query.matchAll(/\$(\w+): [\w[\]!]+!(?=[,)])/g),
          ([, name]) => name as string,
        );
        for (const [name, values] of Object.entries(operation.bad)) {
          const missing = required.includes(name) ? [null, undefined] : [];
          for (const value of [...values, ...missing]) {
            const shown = `${name}: ${JSON.stringify(value)?.slice(0, 60)}`;
            const code = await codeOf(operation, token, { [name]: value });
            expect([shown, code]).toEqual([shown, expect.stringMatching(typed)]);
          }
        }
        expect(await state()).toEqual(before);
      },
    );

    test.each(
      takingInput
        .filter(({ bad }) => Object.keys(bad).length > 0)
        .map((one) => [one.coordinate, one] as const),
    )("is refused with ten megabytes: %s", async (_coordinate, operation) => {
      const before = await state();
      const [name = ""] = Object.keys(operation.bad);
      const huge = "x".repeat(10_000_000);
      const token = operation.who === "staff" ? staff : customer;
      const { status, errors } = await pizzeria.ask(operation.query, {
        token,
        variables: variablesOf(operation, { [name]: huge }),
      });
      expect([status, errors?.[0]?.extensions.code]).toEqual([413, "REQUEST_TOO_LARGE"]);
      expect(await state()).toEqual(before);
    });
  });

  describe("is answered to who may do it", () => {
    test.each(named)("%s", async (coordinate, operation) => {
      if (coordinate === "Mutation.signIn") {
        // As it was signed up.
        expect(await codeOf(operation)).toBeUndefined();
        return;
      }
      const anyones = operation.who === "anybody" && coordinate.startsWith("Query.");
      if (coordinate === "Mutation.createCampaign" || coordinate === "Query.campaign") {
        await pizzeria.ask(
          'mutation ($id: ID!) { addToSegment(customerId: $id, segment: "vip") { name } }',
          { token: staff, variables: { id: customerId } },
        );
      }
      if (anyones) expect(await codeOf(operation)).toBeUndefined();
      const token = operation.who === "staff" ? staff : customer;
      const { data, errors } = await pizzeria.ask(operation.query, {
        token,
        variables: variablesOf(operation),
      });
      expect(errors).toBeUndefined();
      for (const value of Object.values(data)) expect(value).not.toBeUndefined();
    });
  });
});
