import type { Queryable } from "./database.js";
import type { PopularItemRow } from "./rows.js";

/** The most ordered items, the most ordered first and by the bytes of their ids within one count. Items never ordered are not among them. */
export function topItems(database: Queryable, limit: number): Promise<PopularItemRow[]> {
  return database.query<PopularItemRow>(
    `SELECT item_id AS "itemId", times_ordered AS "timesOrdered" FROM item_order_counts
     WHERE times_ordered > 0
     ORDER BY item_order_counts.times_ordered DESC, item_id COLLATE "C" LIMIT $1`,
    [limit],
  );
}

/** How often each of the items was ordered; what was never ordered, or does not exist, is absent. */
export async function timesOrdered(
  database: Queryable,
  itemIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await database.query<PopularItemRow>(
    `SELECT item_id AS "itemId", times_ordered AS "timesOrdered" FROM item_order_counts
     WHERE item_id = ANY($1)`,
    [itemIds],
  );
  return new Map(rows.map((row) => [row.itemId, row.timesOrdered]));
}

/**
 * Adds an order's pizzas to the counts, in its transaction.
 * Rows are locked in the order of their ids, so that two orders cannot wait for each other.
 */
export async function addToCounts(
  tx: Queryable,
  lines: readonly { itemId: string; quantity: number }[],
): Promise<void> {
  await tx.query(
    `INSERT INTO item_order_counts (item_id, times_ordered)
     SELECT item_id, sum(quantity) FROM unnest($1::text[], $2::int[]) AS line (item_id, quantity)
     GROUP BY item_id ORDER BY item_id
     ON CONFLICT (item_id) DO UPDATE
     SET times_ordered = item_order_counts.times_ordered + excluded.times_ordered`,
    [lines.map((line) => line.itemId), lines.map((line) => line.quantity)],
  );
}

/** Counts anew from the order lines. */
export async function recount(tx: Queryable): Promise<void> {
  await tx.query("LOCK TABLE item_order_counts IN EXCLUSIVE MODE");
  await tx.query("DELETE FROM item_order_counts");
  await tx.query(
    `INSERT INTO item_order_counts (item_id, times_ordered)
     SELECT size.item_id, sum(line.quantity)
     FROM order_lines AS line JOIN menu_item_sizes AS size ON size.id = line.size_id
     GROUP BY size.item_id`,
  );
}

export interface SalesTotals {
  orders: number;
  lines: number;
  /** Sum of the quantities. */
  pizzas: number;
  revenueCents: bigint;
}

/** All sales ever, in one scan of the orders and one of their lines. */
export async function salesTotals(database: Queryable): Promise<SalesTotals> {
  const rows = await database.query<SalesTotals>(
    `SELECT (SELECT count(*)::int FROM orders) AS orders,
            count(*)::int AS lines,
            coalesce(sum(quantity), 0)::int AS pizzas,
            coalesce(sum(quantity * unit_price_cents), 0)::bigint AS "revenueCents"
     FROM order_lines`,
  );
  return rows[0]!;
}
