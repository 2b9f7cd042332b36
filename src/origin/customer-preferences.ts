import type { Queryable } from "./database.js";
import type { PreferencesRow } from "./rows.js";
import { isStorable } from "./text.js";

export interface PreferencesWrite {
  readonly customerId: string;
  readonly preferences: PreferencesRow;
  /** Greater than that of every earlier write. */
  readonly sequence: number;
}

export async function customerPreferences(
  database: Queryable,
  customerId: string,
): Promise<PreferencesRow | null> {
  if (!isStorable(customerId)) return null;
  const rows = await database.query<PreferencesRow>(
    `SELECT language, vegetarian, favourite_items AS "favouriteItems" FROM customer_preferences
     WHERE customer_id = $1`,
    [customerId],
  );
  return rows[0] ?? null;
}

/**
 * Each customer once at the most. A write that is older than what is there, or the same, changes nothing; one of a
 * customer who is gone is dropped. Rows are locked in the order of their ids, so that two batches cannot wait for each
 * other.
 */
export async function savePreferences(
  database: Queryable,
  writes: readonly PreferencesWrite[],
): Promise<void> {
  await database.query(
    `INSERT INTO customer_preferences (customer_id, language, vegetarian, favourite_items, sequence)
     SELECT customers.id, language, vegetarian, "favouriteItems", sequence
     FROM jsonb_to_recordset($1::jsonb) AS wanted
       ("customerId" text, language text, vegetarian boolean, "favouriteItems" text[], sequence bigint)
     JOIN customers ON customers.id = "customerId"
     ORDER BY customers.id
     ON CONFLICT (customer_id) DO UPDATE
     SET language = excluded.language, vegetarian = excluded.vegetarian,
         favourite_items = excluded.favourite_items, sequence = excluded.sequence
     WHERE customer_preferences.sequence < excluded.sequence`,
    [
      JSON.stringify(
        writes.map(
          ({ customerId, preferences: { language, vegetarian, favouriteItems }, sequence }) => ({
            customerId,
            language,
            vegetarian,
            favouriteItems,
            sequence,
          }),
        ),
      ),
    ],
  );
}
