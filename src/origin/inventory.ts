import type { Queryable } from "./database.js";

/**
 * What a new ingredient starts with: more than a year of a busy pizzeria takes of its commonest one,
 * so that a whole year can be replayed without a delivery.
 */
export const AMPLE_STOCK = 100_000;

/** Puts ingredients the kitchen has never had into stock; the others keep theirs. Takes duplicates. */
export async function addIngredients(tx: Queryable, names: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO ingredients (name, stock)
     SELECT DISTINCT name, $2::int FROM unnest($1::text[]) AS name ORDER BY name
     ON CONFLICT (name) DO NOTHING`,
    [names, AMPLE_STOCK],
  );
}
