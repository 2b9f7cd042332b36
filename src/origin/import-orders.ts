import type { Transaction } from "./changes.js";
import type { Queryable } from "./database.js";
import type { FolderMenu, FolderOrder } from "./sales-folder.js";

/** Whom imported orders belong to. Nobody can sign in as this customer, and no address is taken from anyone. */
const importedCustomer = { id: "imported-sales", name: "Imported sales", email: "imported-sales" };

/** Orders in one statement. */
const BATCH = 2_000;

export interface ImportedOrders {
  /** Orders that were not there before. */
  added: number;
  lines: number;
  /** Sum of the quantities. */
  pizzas: number;
  revenueCents: bigint;
}

/**
 * Writes a folder's orders as READY, at the menu's prices. An order is known by its id in the folder: one that was
 * imported before becomes what the folder says now. They are past, so they take nothing from today's stock.
 */
export async function importOrders(
  tx: Transaction,
  menu: FolderMenu,
  orders: readonly FolderOrder[],
  onOrders: (count: number) => void,
): Promise<ImportedOrders> {
  const { id, name, email } = importedCustomer;
  await tx.query(
    "INSERT INTO customers (id, name, email) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
    [id, name, email],
  );
  const priceOf = (sizeId: string) => menu.sizes.get(sizeId)!.priceCents;
  const sum: ImportedOrders = { added: 0, lines: 0, pizzas: 0, revenueCents: 0n };
  for (let start = 0; start < orders.length; start += BATCH) {
    const batch = orders.slice(start, start + BATCH).map((order) => ({
      ...order,
      totalCents: order.lines.reduce(
        (total, line) => total + BigInt(line.quantity) * priceOf(line.sizeId),
        0n,
      ),
    }));
    const lines = batch.flatMap((order) =>
      order.lines.map((line, index) => ({ ...line, orderId: order.id, no: index + 1 })),
    );

    const written = await writeOrders(tx, batch);
    // Nobody holds anything of one that is new but staff who asked for its id before: not worth tens of thousands.
    await tx.changed({ orderIds: written.filter(({ added }) => !added).map(({ id }) => id) });
    sum.added += written.filter(({ added }) => added).length;
    await writeLines(tx, lines, priceOf);
    await removeSurplusLines(tx, batch);

    sum.lines += lines.length;
    sum.pizzas += lines.reduce((pizzas, line) => pizzas + line.quantity, 0);
    sum.revenueCents += batch.reduce((cents, order) => cents + order.totalCents, 0n);
    onOrders(batch.length);
  }
  return sum;
}

/** Returns those that were not there before or became other ones. */
async function writeOrders(
  tx: Queryable,
  orders: readonly (FolderOrder & { totalCents: bigint })[],
): Promise<{ id: string; added: boolean }[]> {
  return tx.query(
    `INSERT INTO orders (customer_id, status, placed_at, total_cents, source_id)
     SELECT $1, 'READY', f.placed_at, f.total_cents, f.source_id
     FROM unnest($2::text[], $3::timestamptz[], $4::bigint[]) AS f (source_id, placed_at, total_cents)
     ON CONFLICT (source_id) DO UPDATE
     SET placed_at = excluded.placed_at, total_cents = excluded.total_cents
     WHERE (orders.placed_at, orders.total_cents) <> (excluded.placed_at, excluded.total_cents)
     RETURNING orders.id::text AS id, xmax = 0 AS added`,
    [
      importedCustomer.id,
      orders.map((order) => order.id),
      orders.map((order) => order.placedAt.toISOString()),
      orders.map((order) => order.totalCents),
    ],
  );
}

async function writeLines(
  tx: Queryable,
  lines: readonly { orderId: string; no: number; sizeId: string; quantity: number }[],
  priceOf: (sizeId: string) => bigint,
): Promise<void> {
  await tx.query(
    `INSERT INTO order_lines AS line (order_id, line_no, size_id, quantity, unit_price_cents)
     SELECT orders.id, f.line_no, f.size_id, f.quantity, f.unit_price_cents
     FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::bigint[])
       AS f (source_id, line_no, size_id, quantity, unit_price_cents)
     JOIN orders ON orders.source_id = f.source_id
     ON CONFLICT (order_id, line_no) DO UPDATE
     SET size_id = excluded.size_id, quantity = excluded.quantity, unit_price_cents = excluded.unit_price_cents
     WHERE (line.size_id, line.quantity, line.unit_price_cents)
       <> (excluded.size_id, excluded.quantity, excluded.unit_price_cents)`,
    [
      lines.map((line) => line.orderId),
      lines.map((line) => line.no),
      lines.map((line) => line.sizeId),
      lines.map((line) => line.quantity),
      lines.map((line) => priceOf(line.sizeId)),
    ],
  );
}

/** Lines that an earlier import gave these orders, and this one does not. */
async function removeSurplusLines(tx: Queryable, orders: readonly FolderOrder[]): Promise<void> {
  await tx.query(
    `DELETE FROM order_lines USING orders
     JOIN unnest($1::text[], $2::int[]) AS f (source_id, lines) ON f.source_id = orders.source_id
     WHERE order_lines.order_id = orders.id AND order_lines.line_no > f.lines`,
    [orders.map((order) => order.id), orders.map((order) => order.lines.length)],
  );
}
