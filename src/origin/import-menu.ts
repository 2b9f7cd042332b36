import type { Queryable } from "./database.js";
import { addIngredients } from "./inventory.js";
import type { FolderMenu } from "./sales-folder.js";

/**
 * Makes the menu exactly the folder's, prices and availability included.
 * What the folder lacks is removed where no order names it, and otherwise retired: off the menu, kept for its orders.
 *
 * @returns the ids of all items that changed, came or went.
 */
export async function importMenu(tx: Queryable, menu: FolderMenu): Promise<string[]> {
  const changed = new Set<string>();
  const run = async (sql: string, params: readonly unknown[]) => {
    for (const { id } of await tx.query<{ id: string }>(sql, params)) changed.add(id);
  };
  const sizes = [...menu.sizes.values()];
  const itemIds = menu.items.map((item) => item.id);
  const sizeColumns = [
    sizes.map((size) => size.id),
    sizes.map((size) => size.itemId),
    sizes.map((size) => size.size),
    sizes.map((size) => size.priceCents),
  ];

  await run(upsertItems, [JSON.stringify(menu.items)]);
  // Before the new sizes: two sizes may have changed places, and no item may have one twice.
  await run(retireSizes, sizeColumns.slice(0, 3));
  await run(upsertSizes, sizeColumns);
  await run(removeSizes, [sizeColumns[0]]);
  await run(removeItems, [itemIds]);
  await run(retireItems, [itemIds]);

  await addIngredients(
    tx,
    menu.items.flatMap((item) => item.ingredients),
  );
  await tx.query(
    "DELETE FROM ingredients WHERE NOT EXISTS (SELECT FROM menu_items WHERE ingredients.name = ANY(menu_items.ingredients))",
  );
  return [...changed].sort();
}

const upsertItems = `
  INSERT INTO menu_items AS item (id, name, category, ingredients)
  SELECT id, name, category, ingredients
  FROM jsonb_to_recordset($1::text::jsonb) AS f (id text, name text, category text, ingredients text[])
  ON CONFLICT (id) DO UPDATE
  SET name = excluded.name, category = excluded.category, ingredients = excluded.ingredients,
      available = true, retired = false
  WHERE (item.name, item.category, item.ingredients, item.available, item.retired)
    IS DISTINCT FROM (excluded.name, excluded.category, excluded.ingredients, true, false)
  RETURNING item.id`;

const retireSizes = `
  UPDATE menu_item_sizes AS size SET retired = true
  WHERE NOT retired AND (id, item_id, size.size)
    NOT IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))
  RETURNING item_id AS id`;

const upsertSizes = `
  INSERT INTO menu_item_sizes AS size (id, item_id, size, price_cents)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
  ON CONFLICT (id) DO UPDATE
  SET item_id = excluded.item_id, size = excluded.size, price_cents = excluded.price_cents, retired = false
  WHERE (size.item_id, size.size, size.price_cents, size.retired)
    IS DISTINCT FROM (excluded.item_id, excluded.size, excluded.price_cents, false)
  RETURNING size.item_id AS id`;

const removeSizes = `
  DELETE FROM menu_item_sizes WHERE id <> ALL($1::text[])
    AND NOT EXISTS (SELECT FROM order_lines WHERE size_id = menu_item_sizes.id)
  RETURNING item_id AS id`;

const removeItems = `
  DELETE FROM menu_items WHERE id <> ALL($1::text[])
    AND NOT EXISTS (SELECT FROM menu_item_sizes WHERE item_id = menu_items.id)
  RETURNING id`;

const retireItems = `
  UPDATE menu_items SET retired = true WHERE NOT retired AND id <> ALL($1::text[]) RETURNING id`;
