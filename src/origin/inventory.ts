import type { Queryable } from "./database.js";
import { InvalidInputError, NotFoundError } from "./errors.js";
import type { IngredientRow } from "./rows.js";
import { isStorable } from "./text.js";

/**
 * What a new ingredient starts with: more than a year of a busy pizzeria takes of its commonest one,
 * so that a whole year can be replayed without a delivery.
 */
export const AMPLE_STOCK = 100_000;

/** Most units of one delivery. */
export const MAX_DELIVERY = 1_000_000;
/** Most units of one ingredient in stock. */
export const MAX_STOCK = 1_000_000_000;

/** Puts ingredients the kitchen has never had into stock; the others keep theirs. Takes duplicates. */
export async function addIngredients(tx: Queryable, names: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO ingredients (name, stock)
     SELECT DISTINCT name, $2::int FROM unnest($1::text[]) AS name ORDER BY name
     ON CONFLICT (name) DO NOTHING`,
    [names, AMPLE_STOCK],
  );
}

/** `first` ingredients by name, after the one of that name, whether it exists or not. */
export async function listIngredients(
  database: Queryable,
  { first, after }: { first: number; after?: string | null | undefined },
): Promise<IngredientRow[]> {
  if (typeof after === "string" && !isStorable(after)) return [];
  return database.query<IngredientRow>(
    "SELECT name, stock FROM ingredients WHERE $2::text IS NULL OR name > $2 ORDER BY name LIMIT $1",
    [first, after ?? null],
  );
}

/**
 * Takes a delivery into stock.
 *
 * @throws InvalidInputError unless 1 <= `quantity` <= MAX_DELIVERY, or for more than MAX_STOCK in stock.
 * @throws NotFoundError for what the kitchen does not use.
 */
export async function restock(
  database: Queryable,
  ingredient: string,
  quantity: number,
): Promise<IngredientRow> {
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MAX_DELIVERY) {
    throw new InvalidInputError(
      `quantity must be a whole number from 1 to ${MAX_DELIVERY}; ${quantity} came.`,
    );
  }
  if (!isStorable(ingredient)) throw new NotFoundError("ingredient", ingredient);
  const rows = await database.query<IngredientRow & { isTaken: boolean }>(
    `WITH delivered AS (
       UPDATE ingredients SET stock = stock + $2 WHERE name = $1 AND stock <= $3::int - $2::int RETURNING name, stock
     )
     SELECT name, stock, true AS "isTaken" FROM delivered
     UNION ALL
     SELECT name, stock, false FROM ingredients WHERE name = $1
     ORDER BY "isTaken" DESC LIMIT 1`,
    [ingredient, quantity, MAX_STOCK],
  );
  const [row] = rows;
  if (row === undefined) throw new NotFoundError("ingredient", ingredient);
  if (!row.isTaken) {
    throw new InvalidInputError(
      `The stock must stay within ${MAX_STOCK}; ${quantity} more than the ${row.stock} there came.`,
    );
  }
  return { name: row.name, stock: row.stock };
}
