import type { Database, Queryable } from "./database.js";
import {
  InsufficientStockError,
  InvalidInputError,
  ItemUnavailableError,
  NotFoundError,
} from "./errors.js";
import { addToHour } from "./hourly-orders.js";
import { openTicket } from "./kitchen.js";
import { checkedLines, type WantedLine } from "./order-lines.js";
import { orderByIdempotencyKey, orderColumns } from "./orders.js";
import { addToCounts } from "./popularity.js";
import type { OrderRow } from "./rows.js";
import { isStorable } from "./text.js";

export interface NewOrder {
  customerId: string;
  lines: readonly WantedLine[];
  /** Of the customer's choice, 1 to 200 characters. The same key twice places one order. */
  idempotencyKey?: string | null | undefined;
  /** A UUID of what is ordered, to tell whether an order that the key had placed before is of the same. */
  checkoutId?: string | undefined;
}

export interface PlacedOrder {
  order: OrderRow;
  /** What was ordered, for those who count it; empty when `repeated`. */
  lines: readonly PlacedLine[];
  /** How many orders its hour had with it; 0 when `repeated`. */
  ordersOfHour: number;
  /** True when the key had placed this order before, whatever the lines were then. */
  repeated: boolean;
  /** Whether the order is of this `checkoutId`; true when it was placed now. */
  isOfCheckout: boolean;
}

export interface PlacedLine extends WantedLine {
  itemId: string;
  unitPriceCents: bigint;
}

/**
 * Places an order, in one transaction: prices it by the menu, takes one unit of each ingredient for each pizza,
 * writes order and lines, counts pizzas and order, and queues the kitchen's ticket. All of it happens, or nothing.
 *
 * @throws EmptyOrderError, InvalidInputError for lines or a key that cannot be.
 * @throws NotFoundError for a size that does not exist.
 * @throws ItemUnavailableError for an item that is sold out or off the menu.
 * @throws InsufficientStockError when the kitchen has too little of an ingredient.
 */
export async function placeOrder(database: Database, wanted: NewOrder): Promise<PlacedOrder> {
  const key = checkedKey(wanted.idempotencyKey);
  return database.transaction(async (tx) => {
    // An import holds this lock against us, so that no size goes between its pricing and its line.
    await tx.query("LOCK TABLE orders IN ROW EXCLUSIVE MODE");
    // Before the lines are looked at: the first call emptied the cart that the second would order.
    const earlier = key && (await orderByIdempotencyKey(tx, wanted.customerId, key));
    if (earlier) return repetition(tx, earlier, wanted);

    const lines = await priced(tx, checkedLines(wanted.lines));
    const order = await insertOrder(tx, wanted, key, lines);
    if (order === undefined) {
      // Another call with this key committed since we looked; the insert waited for it.
      const placed = await orderByIdempotencyKey(tx, wanted.customerId, key!);
      return repetition(tx, placed!, wanted);
    }
    await takeIngredients(tx, lines);
    await insertLines(tx, order.id, lines);
    await addToCounts(tx, lines);
    await openTicket(tx, order.id);
    await tx.changed({ orderIds: [order.id], customerIds: [order.customerId] });
    const ordersOfHour = await addToHour(tx, order.placedAt);
    const placed = { order, lines: lines.map(publicLine), ordersOfHour };
    return { ...placed, repeated: false, isOfCheckout: true };
  });
}

interface PricedLine extends PlacedLine {
  ingredients: string[];
}

function checkedKey(key: string | null | undefined): string | null {
  if (key === null || key === undefined) return null;
  if (key.length >= 1 && key.length <= 200 && isStorable(key)) return key;
  throw new InvalidInputError(
    `An idempotency key must have 1 to 200 characters, well-formed and none of them NUL; ${key.length} characters came.`,
  );
}

async function priced(tx: Queryable, lines: readonly WantedLine[]): Promise<PricedLine[]> {
  const rows = await tx.query<{
    sizeId: string;
    itemId: string;
    itemName: string;
    available: boolean;
    ingredients: string[];
    unitPriceCents: bigint;
  }>(
    `SELECT size.id AS "sizeId", item.id AS "itemId", item.name AS "itemName", item.ingredients,
            size.price_cents AS "unitPriceCents",
            item.available AND NOT item.retired AND NOT size.retired AS available
     FROM menu_item_sizes AS size JOIN menu_items AS item ON item.id = size.item_id
     WHERE size.id = ANY($1)`,
    [lines.map((line) => line.sizeId).filter(isStorable)],
  );
  const bySize = new Map(rows.map((row) => [row.sizeId, row]));
  return lines.map(({ sizeId, quantity }) => {
    const row = bySize.get(sizeId);
    if (row === undefined) throw new NotFoundError("size", sizeId);
    if (!row.available) throw new ItemUnavailableError(row.itemId, row.itemName);
    const { itemId, ingredients, unitPriceCents } = row;
    return { sizeId, quantity, itemId, ingredients, unitPriceCents };
  });
}

async function insertOrder(
  tx: Queryable,
  { customerId, checkoutId }: NewOrder,
  key: string | null,
  lines: readonly PricedLine[],
): Promise<OrderRow | undefined> {
  const totalCents = lines.reduce(
    (sum, line) => sum + BigInt(line.quantity) * line.unitPriceCents,
    0n,
  );
  const rows = await tx.query<OrderRow>(
    `INSERT INTO orders (customer_id, total_cents, idempotency_key, checkout_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (customer_id, idempotency_key) DO NOTHING RETURNING ${orderColumns}`,
    [customerId, totalCents, key, checkoutId ?? null],
  );
  return rows[0];
}

/** Locks in the order of names, so that two orders cannot wait for each other. */
async function takeIngredients(tx: Queryable, lines: readonly PricedLine[]): Promise<void> {
  const needed = new Map<string, number>();
  for (const { ingredients, quantity } of lines) {
    for (const name of ingredients) needed.set(name, (needed.get(name) ?? 0) + quantity);
  }
  const names = [...needed.keys()];
  const stocks = await tx.query<{ name: string; stock: number }>(
    "SELECT name, stock FROM ingredients WHERE name = ANY($1) ORDER BY name FOR UPDATE",
    [names],
  );
  const left = new Map(stocks.map(({ name, stock }) => [name, stock]));
  for (const [name, units] of needed) {
    const stock = left.get(name) ?? 0;
    if (stock < units) throw new InsufficientStockError(name, stock, units);
  }
  await tx.query(
    `UPDATE ingredients SET stock = stock - taken.units
     FROM unnest($1::text[], $2::int[]) AS taken (name, units) WHERE ingredients.name = taken.name`,
    [names, [...needed.values()]],
  );
}

async function insertLines(
  tx: Queryable,
  orderId: string,
  lines: readonly PricedLine[],
): Promise<void> {
  await tx.query(
    `INSERT INTO order_lines (order_id, line_no, size_id, quantity, unit_price_cents)
     SELECT $1, line.no, line.size_id, line.quantity, line.unit_price_cents
     FROM unnest($2::text[], $3::int[], $4::bigint[]) WITH ORDINALITY
       AS line (size_id, quantity, unit_price_cents, no)`,
    [
      orderId,
      lines.map((line) => line.sizeId),
      lines.map((line) => line.quantity),
      lines.map((line) => line.unitPriceCents),
    ],
  );
}

async function repetition(
  tx: Queryable,
  order: OrderRow,
  { checkoutId }: NewOrder,
): Promise<PlacedOrder> {
  const own = checkoutId && (await tx.query(OF_CHECKOUT, [order.id, checkoutId]));
  const isOfCheckout = !!own && own.length > 0;
  return { order, lines: [], ordersOfHour: 0, repeated: true, isOfCheckout };
}

const OF_CHECKOUT = "SELECT 1 FROM orders WHERE id = $1 AND checkout_id = $2";

function publicLine({ sizeId, quantity, itemId, unitPriceCents }: PricedLine): PlacedLine {
  return { sizeId, quantity, itemId, unitPriceCents };
}
