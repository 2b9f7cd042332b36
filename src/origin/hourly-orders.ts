import type { Queryable } from "./database.js";
import type { HourlyOrdersRow } from "./rows.js";

/** A day as PostgreSQL writes it, "2015-01-31", and its hour from 0 to 23; both in UTC. */
export interface OrderHour {
  day: string;
  hour: number;
}

export function hourOf(time: Date): OrderHour {
  return { day: time.toISOString().slice(0, 10), hour: time.getUTCHours() };
}

/**
 * Counts an order in its hour, in its transaction. Orders of one hour commit one after another from here on, so it
 * comes last.
 *
 * @returns how many the hour has with this one.
 */
export async function addToHour(tx: Queryable, placedAt: Date): Promise<number> {
  const { day, hour } = hourOf(placedAt);
  const [row] = await tx.query<{ orders: number }>(
    `INSERT INTO hourly_order_counts (day, hour, orders) VALUES ($1, $2, 1)
     ON CONFLICT (day, hour) DO UPDATE SET orders = hourly_order_counts.orders + 1 RETURNING orders`,
    [day, hour],
  );
  return row!.orders;
}

/** The orders of a day by hour; hours without any are left out. */
export function hourlyOrders(database: Queryable, day: string): Promise<HourlyOrdersRow[]> {
  return database.query<HourlyOrdersRow>(
    "SELECT hour, orders FROM hourly_order_counts WHERE day = $1 AND orders > 0 ORDER BY hour",
    [day],
  );
}

/** Counts anew from the orders. */
export async function recountHours(tx: Queryable): Promise<void> {
  await tx.query("LOCK TABLE hourly_order_counts IN EXCLUSIVE MODE");
  await tx.query("DELETE FROM hourly_order_counts");
  await tx.query(
    `INSERT INTO hourly_order_counts (day, hour, orders)
     SELECT (placed_at AT TIME ZONE 'UTC')::date, extract(hour FROM placed_at AT TIME ZONE 'UTC')::int,
            count(*)::int
     FROM orders GROUP BY 1, 2`,
  );
}
