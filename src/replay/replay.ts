import { setTimeout as sleep } from "node:timers/promises";
import type { Queryable } from "../origin/database.js";
import { salesTotals } from "../origin/popularity.js";
import { type FolderOrder, readMenu, readOrders } from "../origin/sales-folder.js";
import { closingChecks } from "./closing-checks.js";
import { serveCustomers } from "./customers.js";
import { readNumbers } from "./field-lookups.js";
import { createHttpClient } from "./http-client.js";
import { runStations } from "./kitchen.js";
import { createMenuTruth } from "./menu-truth.js";
import type { ReplayOptions } from "./options.js";
import { createOrderTruth } from "./order-truth.js";
import { createPriceChanges } from "./price-changes.js";
import { createReplayProgress, type ReplayTerminal } from "./progress.js";
import { createReads } from "./reads.js";
import type { Report } from "./report.js";
import { createSampling } from "./sampling.js";
import { createShop } from "./shop.js";
import { stockUp } from "./stock-up.js";

export interface ReplayParts {
  /** The servers' own, to check what they answer. */
  readonly database: Queryable;
  readonly urls: readonly string[];
  readonly staff: { readonly email: string; readonly password: string };
  readonly metricsToken?: string | undefined;
  readonly terminal: ReplayTerminal;
}

const SAMPLE_EVERY_MS = 1000;

/** Plays the orders of a folder against running servers, checks each read, and tells what it came to. */
export async function replay(options: ReplayOptions, parts: ReplayParts): Promise<Report> {
  const { database, urls, terminal } = parts;
  const menu = await readMenu(options.folder, () => {});
  const orders = (await readOrders(options.folder, menu, () => {})).slice(0, options.orders);
  const shops = urls.map((url) => createShop(createHttpClient(url)));
  const [first] = shops as [(typeof shops)[number]];
  const staff = await first.signIn(parts.staff.email, parts.staff.password);
  const deliveries = await stockUp(first, staff, menu, orders);
  terminal.write(`Restocked ${deliveries} ingredients; ${orders.length} orders to place.\n`);

  const before = await salesTotals(database);
  const readAll = () => Promise.all(shops.map(({ http }) => readNumbers(http, parts.metricsToken)));
  const sampling = await createSampling(readAll);
  const menuTruth = await createMenuTruth(database);
  const orderTruth = createOrderTruth();
  const staleExamples: string[] = [];
  const reads = createReads(menuTruth, orderTruth, sampling.onTime, (what) =>
    staleExamples.push(what),
  );
  const changes = createPriceChanges(shops, staff, menu, menuTruth);
  const progress = createReplayProgress(terminal, orders.length);
  let placed = 0;
  const over = new AbortController();
  const until = async (everyMs: number, step: () => Promise<unknown>) => {
    while (!over.signal.aborted) {
      await sleep(everyMs);
      await step();
    }
  };

  const startedAt = performance.now();
  const sampler = until(SAMPLE_EVERY_MS, async () => progress.show(await sampling.take(placed)));
  const kitchen = runStations(
    shops,
    staff,
    options.stations,
    orderTruth,
    () => over.signal.aborted,
  );
  const served = serveCustomers(
    {
      shops,
      menu,
      reads,
      orderTruth,
      changes,
      untilDue: pace(orders, options.speed, over.signal),
      isOver: () => over.signal.aborted,
      async onOrder() {
        placed += 1;
        if (placed % options.changeEvery === 0) await changes.change();
      },
    },
    orders,
    options.customers,
  );
  try {
    // Whatever fails first is told; the others end with it.
    await Promise.race([served, Promise.all([sampler, kitchen])]);
    await served;
  } finally {
    over.abort();
    progress.end();
    await Promise.allSettled([served, sampler, kitchen]);
  }
  const [, tickets] = await Promise.all([sampler, kitchen]);
  const seconds = (performance.now() - startedAt) / 1000;
  const { fields, statements } = await sampling.total();
  const checks = await closingChecks(database, shops, before, menu, orders);
  for (const { http } of shops) http.close();
  return {
    servers: shops.length,
    seconds,
    orders: placed,
    tickets,
    changes: changes.made,
    reads: reads.counts,
    staleExamples,
    p50Ms: sampling.latencies.quantile(0.5),
    p99Ms: sampling.latencies.quantile(0.99),
    fields,
    statements,
    statementsSaved: saved(reads.counts, fields),
    checks,
    samples: sampling.samples,
  };
}

/** Each order at its time, as fast as `speed` says; Infinity: at once. Rejects when the replay is over. */
function pace(
  orders: readonly FolderOrder[],
  speed: number,
  signal: AbortSignal,
): (order: FolderOrder) => Promise<void> {
  const firstAt = orders[0]?.placedAt.getTime() ?? 0;
  const startedAt = performance.now();
  return async ({ placedAt }) => {
    const dueAt = startedAt + (placedAt.getTime() - firstAt) / speed;
    const early = dueAt - performance.now();
    if (early > 0) await sleep(early, undefined, { signal });
  };
}

/**
 * Without a cache a `menu`, a `menuItem`, an `order` and a list of orders ask for themselves, and the first two for the
 * sizes once more; the list counts as well. A load of a cached field asks once for what it is led to, or less, where a
 * DataLoader joins some: so at least what the reads would have asked, less one for each load, was saved.
 */
function saved(
  counts: Readonly<Record<"menu" | "menuItem" | "order" | "orders", number>>,
  fields: ReadonlyMap<string, { hits: number; lookups: number }>,
): number {
  const asked = 2 * counts.menu + 2 * counts.menuItem + counts.order + 2 * counts.orders;
  let loads = 0;
  for (const [field, { hits, lookups }] of fields) {
    loads += (field === "Query.orders" ? 2 : 1) * (lookups - hits);
  }
  return Math.max(0, asked - loads);
}
