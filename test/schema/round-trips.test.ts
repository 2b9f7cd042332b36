import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CountingProxy, startCountingProxy } from "../support/counting-proxy.js";
import {
  openPizzeria,
  type Pizzeria,
  servers,
  startBackends,
  type TestBackends,
} from "../support/pizzeria.js";
import { isOfReading } from "../support/reading-trips.js";

const MENU = "{ menu { id name timesOrdered sizes { id size price } } }";
const ITEMS = 32;

let backends: TestBackends;
let proxy: CountingProxy;
let pizzeria: Pizzeria;

beforeAll(async () => {
  backends = await startBackends(servers);
  proxy = await startCountingProxy(backends.redis!.port);
  pizzeria = await openPizzeria(backends, { redisUrl: proxy.url });
  const { database } = pizzeria.app.backends;
  await database.query(
    `INSERT INTO menu_items (id, name, category, ingredients)
     SELECT 'more-' || n, 'More ' || n, 'VEGGIE', ARRAY['Basil']
     FROM generate_series(1, $1 - (SELECT count(*)::int FROM menu_items)) AS n`,
    [ITEMS],
  );
  // A first read connects, and brings the scripts to the server.
  await pizzeria.ask('{ menuItem(id: "harbour") { id } }');
});
afterAll(async () => {
  await pizzeria[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await backends[Symbol.asyncDispose]();
});

async function readMenu() {
  pizzeria.statements.length = 0;
  proxy.trips.length = 0;
  const { data, extensions } = await pizzeria.ask<{ menu: unknown[] }>(MENU);
  expect(data.menu).toHaveLength(ITEMS);
  const cache = extensions?.cache as Record<string, { statuses: Record<string, number> }>;
  return {
    statements: [...pizzeria.statements],
    trips: proxy.trips.filter(isOfReading),
    statuses: Object.fromEntries(Object.entries(cache).map(([at, { statuses }]) => [at, statuses])),
  };
}

describe(`a menu of ${ITEMS} items with sizes and counts`, () => {
  test("costs one statement per loader and at most four Redis round trips cold, none and two warm", async () => {
    const cold = await readMenu();
    expect(cold.statuses).toEqual({
      "Query.menu": { miss: 1 },
      "MenuItem.sizes": { miss: ITEMS },
      "MenuItem.timesOrdered": { miss: ITEMS },
    });
    // The menu itself, the loader of sizes, the loader of counts.
    expect(cold.statements).toHaveLength(3);
    expect(cold.trips.length).toBeLessThanOrEqual(4);
    expect(cold.trips.length).toBeGreaterThan(0);

    const warm = await readMenu();
    expect(warm.statuses).toEqual({
      "Query.menu": { hit: 1 },
      "MenuItem.sizes": { hit: ITEMS },
      "MenuItem.timesOrdered": { hit: ITEMS },
    });
    expect(warm.statements).toEqual([]);
    expect(warm.trips.length).toBeLessThanOrEqual(2);
    expect(warm.trips.length).toBeGreaterThan(0);
  });
});
