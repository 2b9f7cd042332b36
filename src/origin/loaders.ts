import DataLoader from "dataloader";
import { customerColumns } from "./customers.js";
import type { Queryable } from "./database.js";
import { ticketsByOrderIds } from "./kitchen.js";
import { itemColumns } from "./menu.js";
import { isOrderId, orderColumns, orderLineColumns } from "./orders.js";
import { timesOrdered } from "./popularity.js";
import type {
  CustomerRow,
  KitchenTicketRow,
  MenuItemRow,
  OrderLineRow,
  OrderRow,
  SizeRow,
} from "./rows.js";
import { isStorable } from "./text.js";

/** One loader for each relation reached from a list. Each batch is one statement. What does not exist is null, or 0, or []. */
export interface Loaders {
  /** Retired items as well, never available: orders name them. */
  itemById: DataLoader<string, MenuItemRow | null>;
  /** Retired sizes as well: orders name them. */
  sizeById: DataLoader<string, SizeRow | null>;
  /** Those on the menu, from the smallest. */
  sizesByItemId: DataLoader<string, SizeRow[]>;
  timesOrderedByItemId: DataLoader<string, number>;
  customerById: DataLoader<string, CustomerRow | null>;
  orderById: DataLoader<string, OrderRow | null>;
  /** In the order of their numbers. */
  orderLinesByOrderId: DataLoader<string, OrderLineRow[]>;
  ticketByOrderId: DataLoader<string, KitchenTicketRow | null>;
  /** Forgets all that was loaded. For after a write in the same request. */
  clearAll(): void;
}

/** For one request: a loader remembers what it loaded. */
export function createLoaders(database: Queryable): Loaders {
  const loaders = {
    itemById: new DataLoader<string, MenuItemRow | null>((ids) =>
      rowsById(ids, (known) =>
        database.query<MenuItemRow>(
          `SELECT ${itemColumns} FROM menu_items AS item WHERE item.id = ANY($1)`,
          [known],
        ),
      ),
    ),
    sizeById: new DataLoader<string, SizeRow | null>((ids) =>
      rowsById(ids, (known) =>
        database.query<SizeRow>(`SELECT ${sizeColumns} FROM menu_item_sizes WHERE id = ANY($1)`, [
          known,
        ]),
      ),
    ),
    sizesByItemId: new DataLoader<string, SizeRow[]>(async (itemIds) => {
      const rows = await database.query<SizeRow>(
        `SELECT ${sizeColumns} FROM menu_item_sizes WHERE item_id = ANY($1) AND NOT retired
         ORDER BY item_id, array_position(ARRAY['S', 'M', 'L', 'XL', 'XXL'], size)`,
        [itemIds.filter(isStorable)],
      );
      return grouped(itemIds, rows, (row) => row.itemId);
    }),
    timesOrderedByItemId: new DataLoader<string, number>(async (itemIds) => {
      const counts = await timesOrdered(database, itemIds.filter(isStorable));
      return itemIds.map((id) => counts.get(id) ?? 0);
    }),
    customerById: new DataLoader<string, CustomerRow | null>((ids) =>
      rowsById(ids, (known) =>
        database.query<CustomerRow>(`SELECT ${customerColumns} FROM customers WHERE id = ANY($1)`, [
          known,
        ]),
      ),
    ),
    orderById: new DataLoader<string, OrderRow | null>((ids) =>
      rowsById(ids, (known) =>
        database.query<OrderRow>(
          `SELECT ${orderColumns} FROM orders WHERE id = ANY($1::bigint[])`,
          [known.filter(isOrderId)],
        ),
      ),
    ),
    orderLinesByOrderId: new DataLoader<string, OrderLineRow[]>(async (orderIds) => {
      const rows = await database.query<OrderLineRow>(
        `SELECT ${orderLineColumns} FROM order_lines WHERE order_id = ANY($1::bigint[])
         ORDER BY order_lines.order_id, line_no`,
        [orderIds.filter(isOrderId)],
      );
      return grouped(orderIds, rows, (row) => row.orderId);
    }),
    ticketByOrderId: new DataLoader<string, KitchenTicketRow | null>(async (orderIds) => {
      const rows = await ticketsByOrderIds(database, orderIds);
      const byId = new Map(rows.map((row) => [row.orderId, row]));
      return orderIds.map((id) => byId.get(id) ?? null);
    }),
  };
  return {
    ...loaders,
    clearAll: () => {
      for (const loader of Object.values(loaders)) loader.clearAll();
    },
  };
}

const sizeColumns = 'id, item_id AS "itemId", size, price_cents AS "priceCents"';

async function rowsById<Row extends { id: string }>(
  ids: readonly string[],
  select: (ids: string[]) => Promise<Row[]>,
): Promise<(Row | null)[]> {
  const rows = await select(ids.filter(isStorable));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

function grouped<Row>(
  ids: readonly string[],
  rows: readonly Row[],
  idOf: (row: Row) => string,
): Row[][] {
  const groups = new Map<string, Row[]>(ids.map((id) => [id, []]));
  for (const row of rows) groups.get(idOf(row))?.push(row);
  return ids.map((id) => groups.get(id) ?? []);
}
