import { afterEach, describe, expect, test } from "vitest";
import { recordChange } from "../src/evictions.js";
import { type Database, openDatabase } from "../src/origin/database.js";
import { freePort } from "./support/free-port.js";
import {
  embedded,
  openPizzeria,
  type Pizzeria,
  servers,
  startBackends,
  type TestBackends,
} from "./support/pizzeria.js";
import { startRedis } from "./support/redis-server.js";

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
function later<T extends AsyncDisposable>(one: T): T {
  opened.push(one);
  return one;
}

const MENU = "{ menu { id timesOrdered sizes { price } } }";
const warnings = ({ logs }: Pizzeria) => logs.filter(({ level }) => Number(level) >= 40);

async function ready({ app }: Pizzeria): Promise<Record<string, unknown>> {
  const response = await app.fastify.inject("/health/ready");
  return { code: response.statusCode, ...response.json() };
}

describe("an unreachable Redis at the start", () => {
  test("is one warning, and everything without a session is served; when it comes, all is", async () => {
    const port = await freePort();
    const backends = later(await startBackends(embedded));
    const redisUrl = `redis://127.0.0.1:${port}`;
    const pizzeria = later(await openPizzeria(backends, { redisUrl }));

    for (let read = 1; read <= 3; read += 1) {
      const { data, errors } = await pizzeria.ask<{ menu: unknown[] }>(MENU);
      expect(errors).toBeUndefined();
      expect(data.menu).toHaveLength(10);
    }
    const popular = await pizzeria.ask("{ popularItems { timesOrdered } }");
    expect(popular.data).toEqual({ popularItems: [] });
    expect(await ready(pizzeria)).toMatchObject({
      code: 200,
      status: "degraded",
      redis: "down",
      database: "ok",
    });
    expect(warnings(pizzeria)).toHaveLength(1);
    expect(String(warnings(pizzeria)[0]?.msg)).toContain(`127.0.0.1:${port}`);

    later(await startRedis({ port }));
    await expect.poll(async () => (await ready(pizzeria)).status, { timeout: 10_000 }).toBe("ok");
    const token = await pizzeria.signUp("Ada");
    expect((await pizzeria.ask("{ me { name } }", { token })).data).toEqual({
      me: { name: "Ada" },
    });
    await expect
      .poll(async () => (await pizzeria.ask(MENU)).extensions, { timeout: 10_000 })
      .toMatchObject({ cache: { "Query.menu": { statuses: { hit: 1 } } } });
    expect(warnings(pizzeria)).toHaveLength(1);
  });
});

describe("a Redis that hangs", () => {
  const uses: [string, string][] = [
    ["the cache", MENU],
    ["sessions", "{ session { loginTime } }"],
  ];
  test.each(uses)(
    "is one warning when %s notice it, and one line when it answers",
    async (_who, query) => {
      const backends = later(await startBackends(servers));
      const pizzeria = later(await openPizzeria(backends));
      const token = await pizzeria.signUp("Ada");
      backends.redis?.pause();
      const told = ({ logs }: Pizzeria) =>
        logs
          .filter(({ msg }) => /Redis|cache/.test(String(msg)))
          .map(({ level, msg }) => [level, msg]);
      await expect
        .poll(
          async () => {
            await pizzeria.ask(query, { token });
            return told(pizzeria).length;
          },
          { timeout: 10_000 },
        )
        .toBe(1);
      for (let read = 1; read <= 3; read += 1) await pizzeria.ask(`${MENU}`, { token });
      backends.redis?.resume();
      await expect
        .poll(
          async () => {
            await pizzeria.ask(MENU, { token });
            return told(pizzeria).length;
          },
          { timeout: 10_000 },
        )
        .toBe(2);
      expect(told(pizzeria)).toEqual([
        [40, expect.stringMatching(/^Redis .*is out of reach/)],
        [30, "Redis answers again"],
      ]);
    },
  );
});

test("a database number that Redis does not have stops the start, and frees the data folder", async () => {
  const backends = later(await startBackends({ ...embedded, redis: true }));
  const redisUrl = `${backends.redis?.url}/99`;
  await expect(openPizzeria(backends, { redisUrl })).rejects.toMatchObject({
    code: "E_REDIS_DATABASE_REFUSED",
  });
  later(await openPizzeria(backends));
});

test("an order that has begun is placed though Redis goes, and reaches the kitchen when it is back", async () => {
  const backends = later(await startBackends(servers));
  const own = await openDatabase({ ...backends.place.options, onChange: recordChange });
  later({ [Symbol.asyncDispose]: own.close });
  let isLost = false;
  const database: Database = {
    ...own,
    transaction: async (run) => {
      if (!isLost) await backends.redis?.kill();
      isLost = true;
      return own.transaction(run);
    },
  };
  const pizzeria = later(await openPizzeria(backends, { database: own }));
  const dying = later(await openPizzeria(backends, { database }));
  const token = await pizzeria.signUp("Ada");
  await pizzeria.ask('mutation { addToCart(sizeId: "harbour-s") { loginTime } }', { token });
  const { data, errors } = await dying.ask<{ placeOrder: { id: string } }>(
    "mutation { placeOrder { id } }",
    { token },
  );
  expect(errors).toBeUndefined();
  expect(isLost).toBe(true);

  await backends.redis?.restart();
  const { kitchen, popularity } = pizzeria.app.services;
  await expect
    .poll(
      () =>
        kitchen.waiting(10).then(
          (all) => all.map((one) => one.orderId),
          () => [],
        ),
      {
        timeout: 10_000,
      },
    )
    .toEqual([data.placeOrder.id]);
  expect(await popularity.top(1)).toEqual([{ itemId: "harbour", timesOrdered: 1 }]);
});

describe("while Redis is away", () => {
  const cases: [string, (backends: TestBackends) => Promise<void> | void][] = [
    ["gone", ({ redis }) => redis?.kill()],
    ["not answering", ({ redis }) => redis?.pause()],
  ];
  test.each(cases)("and %s, only what needs a session fails, and says so", async (_how, lose) => {
    const backends = later(await startBackends(servers));
    const pizzeria = later(await openPizzeria(backends));
    const token = await pizzeria.signUp("Ada");
    await pizzeria.ask(MENU);
    await lose(backends);

    const menu = await pizzeria.ask<{ menu: unknown[] }>(MENU, { token });
    expect(menu.errors).toBeUndefined();
    expect(menu.data.menu).toHaveLength(10);

    for (const query of [
      "{ me { id } }",
      "{ session { loginTime } }",
      '{ order(id: "1") { id } }',
      "{ orders { totalCount } }",
      'mutation { addToCart(sizeId: "harbour-s") { loginTime } }',
      "mutation { placeOrder { id } }",
      "mutation { signOut }",
      "{ kitchenQueue { priority } }",
      'mutation { claimNextTicket(station: "oven") { priority } }',
      'mutation { signIn(email: "ada@example.org", password: "12345678") { token } }',
    ]) {
      expect([query, await pizzeria.codeOf(query, { token })]).toEqual([
        query,
        "SESSION_UNAVAILABLE",
      ]);
    }
    const mixed = await pizzeria.ask<{ menu: unknown[] }>("{ menu { id } me { id } }", { token });
    expect(mixed.data).toMatchObject({ menu: expect.any(Array), me: null });
    expect((await pizzeria.ask("{ me { id } }")).data).toEqual({ me: null });
    backends.redis?.resume();
  });
});
