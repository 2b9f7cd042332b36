import type { Queryable } from "./database.js";
import { InvalidInputError } from "./errors.js";
import { decodeOrderCursor, encodeOrderCursor } from "./order-cursor.js";
import type { OrderRow } from "./rows.js";

/** Columns of an OrderRow. */
export const orderColumns = `orders.id::text AS id, orders.customer_id AS "customerId", orders.status,
  orders.placed_at AS "placedAt", orders.ready_at AS "readyAt", orders.total_cents AS "totalCents"`;

/** Columns of an OrderLineRow. */
export const orderLineColumns = `order_id::text AS "orderId", line_no AS "lineNo", size_id AS "sizeId",
  quantity, unit_price_cents AS "unitPriceCents"`;

/** Most orders on one page. */
export const MAX_PAGE = 100;

/** Whether a text is the id of an order that may exist; PostgreSQL would refuse a statement with any other. */
export function isOrderId(id: string): boolean {
  return /^[1-9][0-9]{0,17}$/.test(id);
}

/** Whose order it is, its row tells: who may see it, the caller decides. */
export async function orderById(database: Queryable, id: string): Promise<OrderRow | undefined> {
  if (!isOrderId(id)) return undefined;
  const rows = await database.query<OrderRow>(`SELECT ${orderColumns} FROM orders WHERE id = $1`, [
    id,
  ]);
  return rows[0];
}

/** The order that a customer placed under this key, if there is one. */
export async function orderByIdempotencyKey(
  database: Queryable,
  customerId: string,
  idempotencyKey: string,
): Promise<OrderRow | undefined> {
  const rows = await database.query<OrderRow>(
    `SELECT ${orderColumns} FROM orders WHERE customer_id = $1 AND idempotency_key = $2`,
    [customerId, idempotencyKey],
  );
  return rows[0];
}

export interface OrderPage {
  edges: { cursor: string; order: OrderRow }[];
  hasNextPage: boolean;
  /** The last edge's cursor; null on an empty page. */
  endCursor: string | null;
  /** All of the customer's orders, on this page or not. */
  totalCount: number;
}

/**
 * One page of a customer's orders, newest first.
 *
 * Pages go on from the last order seen, not from a number of orders: one placed meanwhile shifts nothing.
 *
 * @param page `first`: 1 to MAX_PAGE orders. `after`: a cursor of an earlier page.
 * @throws InvalidInputError for another `first`, InvalidCursorError for another `after`.
 */
export async function customerOrders(
  database: Queryable,
  customerId: string,
  page: { first: number; after?: string | null | undefined },
): Promise<OrderPage> {
  const { first, after } = page;
  if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE) {
    throw new InvalidInputError(`first must be from 1 to ${MAX_PAGE}; ${first} came.`);
  }
  const place = typeof after === "string" ? decodeOrderCursor(after) : undefined;

  const [rows, counts] = await Promise.all([
    database.query<OrderRow>(
      `SELECT ${orderColumns} FROM orders WHERE customer_id = $1
       ${place === undefined ? "" : "AND (placed_at, id) < ($3::timestamptz, $4::bigint)"}
       ORDER BY placed_at DESC, orders.id DESC LIMIT $2`,
      [customerId, first + 1, ...(place === undefined ? [] : [place.placedAt, place.id])],
    ),
    database.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM orders WHERE customer_id = $1",
      [customerId],
    ),
  ]);
  const edges = rows.slice(0, first).map((order) => ({ cursor: encodeOrderCursor(order), order }));
  return {
    edges,
    hasNextPage: rows.length > first,
    endCursor: edges.at(-1)?.cursor ?? null,
    totalCount: counts[0]!.count,
  };
}
