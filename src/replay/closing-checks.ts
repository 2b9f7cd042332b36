import type { Queryable } from "../origin/database.js";
import { salesTotals } from "../origin/popularity.js";
import type { FolderMenu, FolderOrder } from "../origin/sales-folder.js";
import type { Shop } from "./shop.js";

/** One thing that must be equal when the last order is served. */
export interface ClosingCheck {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
}

/** What was sold before the replay began. */
export type Totals = Awaited<ReturnType<typeof salesTotals>>;

/** Compares what the database gained with the folder, and what the servers answer with the database. */
export async function closingChecks(
  database: Queryable,
  shops: readonly Shop[],
  before: Totals,
  menu: FolderMenu,
  orders: readonly FolderOrder[],
): Promise<ClosingCheck[]> {
  const after = await salesTotals(database);
  const lines = orders.flatMap((order) => order.lines);
  const pizzas = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  const revenueCents = lines.reduce(
    (sum, { sizeId, quantity }) =>
      sum + (menu.sizes.get(sizeId)?.priceCents ?? 0n) * BigInt(quantity),
    0n,
  );
  const checks: ClosingCheck[] = [
    check("orders placed", orders.length, after.orders - before.orders),
    check("pizzas sold", pizzas, after.pizzas - before.pizzas),
    check("revenue", money(revenueCents), money(after.revenueCents - before.revenueCents)),
  ];
  const popular = await popularItems(database);
  const days = await hours(database);
  for (const [at, shop] of shops.entries()) {
    const server = shops.length > 1 ? `, server ${at + 1}` : "";
    const answered = (await shop.popularItems()).map(({ id, timesOrdered }) => [id, timesOrdered]);
    checks.push(check(`popular items${server}`, shown(popular), shown(answered)));
    for (const [day, wanted] of days) {
      const found = (await shop.hourlyOrders(day))
        .filter((hour) => hour.orders > 0)
        .map((hour) => [hour.hour, hour.orders]);
      checks.push(check(`orders by hour, ${day}${server}`, shown(wanted), shown(found)));
    }
  }
  return checks;
}

export function isKept({ wanted, found }: ClosingCheck): boolean {
  return wanted === found;
}

async function popularItems(database: Queryable): Promise<[string, number][]> {
  const rows = await database.query<{ id: string; times: number }>(
    `SELECT size.item_id AS id, sum(line.quantity)::int AS times
     FROM order_lines AS line JOIN menu_item_sizes AS size ON size.id = line.size_id
     GROUP BY size.item_id ORDER BY times DESC, size.item_id COLLATE "C" LIMIT 50`,
  );
  return rows.map(({ id, times }) => [id, times]);
}

/** Of yesterday and today in UTC, which are the days of the replay, counted from the orders themselves. */
async function hours(database: Queryable): Promise<Map<string, [number, number][]>> {
  const rows = await database.query<{ day: string; hour: number; orders: number }>(
    `SELECT to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
            extract(hour FROM placed_at AT TIME ZONE 'UTC')::int AS hour, count(*)::int AS orders
     FROM orders
     WHERE placed_at >= (date_trunc('day', now() AT TIME ZONE 'UTC') - interval '1 day') AT TIME ZONE 'UTC'
     GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  const days = new Map<string, [number, number][]>();
  for (const { day, hour, orders } of rows) {
    days.set(day, [...(days.get(day) ?? []), [hour, orders]]);
  }
  return days;
}

function check(what: string, wanted: string | number, found: string | number): ClosingCheck {
  return { what, wanted: String(wanted), found: String(found) };
}

function shown(pairs: readonly (readonly (string | number)[])[]): string {
  return pairs.map(([name, count]) => `${name} ${count}`).join(", ");
}

function money(cents: bigint): string {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}
