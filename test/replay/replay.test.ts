import { afterAll, beforeAll, expect, test } from "vitest";
import { importFolder } from "../../src/origin/importer.js";
import type { ReplayOptions } from "../../src/replay/options.js";
import { replay } from "../../src/replay/replay.js";
import { isGood, type Report, reportText } from "../../src/replay/report.js";
import { reportPage } from "../../src/replay/report-page.js";
import { freshDatabase } from "../support/database.js";
import {
  openPizzeria,
  type Pizzeria,
  type PizzeriaOptions,
  STAFF,
  servers,
  startBackends,
} from "../support/pizzeria.js";
import { type SalesFolder, salesFolder } from "../support/sales-folder.js";

const ORDERS = 24;
const PIZZAS = 8;
const LINES = 2;

let folder: SalesFolder;
beforeAll(async () => {
  folder = await salesFolder(manyOrders());
});
afterAll(() => folder?.[Symbol.asyncDispose]());

test("plays all orders against two servers that share a cache, and finds every answer true", async () => {
  const report = await replayOn({});

  expect(report.staleExamples).toEqual([]);
  expect(isGood(report)).toBe(true);
  const reads = ORDERS * 20;
  expect(report).toMatchObject({
    servers: 2,
    orders: ORDERS,
    tickets: ORDERS,
    reads: { menu: reads, menuItem: reads, order: ORDERS, orders: ORDERS, stale: 0 },
  });
  expect(report.checks.slice(0, 3)).toEqual([
    { what: "orders placed", wanted: "24", found: "24" },
    { what: "pizzas sold", wanted: "72", found: "72" },
    { what: "revenue", wanted: "768.00", found: "768.00" },
  ]);
  expect(report.changes).toBeGreaterThan(0);
  expect(report.fields.get("Query.menu")?.hits).toBeGreaterThan(reads * 0.5);
  expect(reportText(report)).toContain("480 menu, 480 menuItem");
  expect(reportPage(report)).toContain("<svg");
}, 120_000);

test("tells the stale reads of servers that do not hear each other's evictions", async () => {
  const report = await replayOn({ cache: { prefix: "of its own:" } });

  expect(report.reads.stale).toBeGreaterThan(0);
  expect(isGood(report)).toBe(false);
  expect(report.staleExamples[0]).toMatch(/^(menu|menuItem|order|orders)[: ]/);
  expect(reportText(report)).toContain("STALE: ");
}, 120_000);

/** Two pizzerias on one database and one Redis, of which the second is opened with options of its own. */
async function replayOn(second: PizzeriaOptions): Promise<Report> {
  await using backends = await startBackends(servers);
  await using origin = await freshDatabase({ kind: servers.database });
  const { database } = origin;
  await importFolder(database, folder.path, { menuOnly: true });
  await using here = await openPizzeria(backends, { database });
  await using there = await openPizzeria(backends, { ...second, database });
  const urls = await Promise.all([here, there].map(({ app }: Pizzeria) => app.listen()));
  const options: ReplayOptions = {
    folder: folder.path,
    speed: Number.POSITIVE_INFINITY,
    servers: 2,
    urls,
    customers: 4,
    stations: 1,
    orders: Number.POSITIVE_INFINITY,
    changeEvery: 6,
    page: "",
  };
  const terminal = { write: () => true };
  // Awaited here, where the pizzerias are still open.
  return await replay(options, { database, urls, staff: STAFF, terminal });
}

/** Each order is of one large pizza and two small ones, its neighbour's. */
function manyOrders() {
  const pizzas = Array.from({ length: PIZZAS }, (_, index) => `comet${index}`);
  const orders = Array.from({ length: ORDERS }, (_, index) => index + 1);
  const of = (order: number) => pizzas[order % PIZZAS];
  return {
    "pizza_types.csv": [
      "pizza_type_id,name,category,ingredients",
      ...pizzas.map((id) => `${id},The ${id} Pizza,Classic,"Tomatoes, Star Anise"`),
    ],
    "pizzas.csv": [
      "pizza_id,pizza_type_id,size,price",
      ...pizzas.flatMap((id) => [`${id}_s,${id},S,8`, `${id}_l,${id},L,16`]),
    ],
    "orders.csv": ["order_id,date,time", ...orders.map((id) => `${id},2015-01-01,11:38:36`)],
    "order_details.csv": [
      "order_details_id,order_id,pizza_id,quantity",
      ...orders.flatMap((id) => [
        `${id * LINES},${id},${of(id)}_l,1`,
        `${id * LINES + 1},${id},${of(id + 1)}_s,2`,
      ]),
    ],
  };
}
