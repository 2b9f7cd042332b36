import type { Database, Queryable } from "./database.js";
import { InvalidInputError, NotFoundError } from "./errors.js";
import type { MenuCategory, MenuItemRow } from "./rows.js";
import { isStorable } from "./text.js";

/** Columns of a MenuItemRow, of a table called `item`. */
export const itemColumns =
  "item.id, item.name, item.category, item.ingredients, item.available AND NOT item.retired AS available";

/** Highest price of one pizza, in cents. */
export const MAX_PRICE_CENTS = 1_000_000n;

/** What is on the menu, of one category or of all, by category and name. Sold-out items are on it. */
export function listMenu(database: Queryable, category?: MenuCategory): Promise<MenuItemRow[]> {
  return database.query<MenuItemRow>(
    `SELECT ${itemColumns} FROM menu_items AS item
     WHERE NOT retired AND ($1::text IS NULL OR category = $1)
     ORDER BY category, name, id`,
    [category ?? null],
  );
}

/**
 * Changes the price of one size; orders keep the price they were placed at.
 *
 * @returns the item the size is of.
 * @throws InvalidInputError unless 0 < `priceCents` <= MAX_PRICE_CENTS.
 * @throws NotFoundError when the menu has no such size.
 */
export async function setPrice(
  database: Database,
  sizeId: string,
  priceCents: bigint,
): Promise<MenuItemRow> {
  if (priceCents <= 0n || priceCents > MAX_PRICE_CENTS) {
    throw new InvalidInputError(
      `A price must be from ${amount(1n)} to ${amount(MAX_PRICE_CENTS)}; ${amount(priceCents)} came.`,
    );
  }
  if (!isStorable(sizeId)) throw new NotFoundError("size", sizeId);
  return database.transaction(async (tx) => {
    const [item] = await tx.query<MenuItemRow>(
      `WITH changed AS (
         UPDATE menu_item_sizes SET price_cents = $2 WHERE id = $1 AND NOT retired RETURNING item_id
       )
       SELECT ${itemColumns} FROM menu_items AS item JOIN changed ON changed.item_id = item.id`,
      [sizeId, priceCents],
    );
    if (item === undefined) throw new NotFoundError("size", sizeId);
    await tx.changed({ itemIds: [item.id] });
    return item;
  });
}

/**
 * Says whether an item can be ordered; it stays on the menu.
 *
 * @throws NotFoundError when the menu has no such item.
 */
export async function setAvailability(
  database: Database,
  itemId: string,
  available: boolean,
): Promise<MenuItemRow> {
  if (!isStorable(itemId)) throw new NotFoundError("menu item", itemId);
  return database.transaction(async (tx) => {
    const [item] = await tx.query<MenuItemRow>(
      `UPDATE menu_items AS item SET available = $2 WHERE id = $1 AND NOT retired
       RETURNING ${itemColumns}`,
      [itemId, available],
    );
    if (item === undefined) throw new NotFoundError("menu item", itemId);
    await tx.changed({ itemIds: [item.id] });
    return item;
  });
}

/** As customers and staff write it: 1275n is "12.75". */
function amount(cents: bigint): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, "0");
  return `${cents < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
