import type { Queryable } from "./database.js";
import type { PreferencesRow } from "./rows.js";
import { isStorable } from "./text.js";

/** One preference of a customer. */
export interface PreferenceWrite {
  readonly customerId: string;
  readonly field: keyof PreferencesRow;
  /** Of the field's type. */
  readonly value: PreferencesRow[keyof PreferencesRow];
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
 * Each field of a customer once at the most, all in one statement. A write that is older than what is there, or the
 * same, changes nothing; one of a customer who is gone is dropped. Rows are locked in the order of their ids, so that
 * two batches cannot wait for each other.
 */
export async function savePreferences(
  database: Queryable,
  writes: readonly PreferenceWrite[],
): Promise<void> {
  const rows = new Map<string, Record<string, unknown>>();
  for (const { customerId, field, value, sequence } of writes) {
    const row = rows.get(customerId) ?? { customerId };
    rows.set(customerId, { ...row, [field]: value, [`${field}Sequence`]: sequence });
  }
  await database.query(
    `INSERT INTO customer_preferences AS kept
       (customer_id, language, language_sequence, vegetarian, vegetarian_sequence,
        favourite_items, favourite_items_sequence)
     SELECT customers.id, language, coalesce("languageSequence", 0),
            vegetarian, coalesce("vegetarianSequence", 0),
            coalesce("favouriteItems", '{}'), coalesce("favouriteItemsSequence", 0)
     FROM jsonb_to_recordset($1::jsonb) AS wanted
       ("customerId" text, language text, "languageSequence" bigint,
        vegetarian boolean, "vegetarianSequence" bigint,
        "favouriteItems" text[], "favouriteItemsSequence" bigint)
     JOIN customers ON customers.id = "customerId"
     ORDER BY customers.id
     ON CONFLICT (customer_id) DO UPDATE SET
       ${["language", "vegetarian", "favourite_items"].map(newerOf).join(",\n       ")}`,
    [JSON.stringify([...rows.values()])],
  );
}

function newerOf(column: string): string {
  const sequence = `${column}_sequence`;
  return `${column} = CASE WHEN excluded.${sequence} > kept.${sequence} THEN excluded.${column} ELSE kept.${column} END,
       ${sequence} = greatest(excluded.${sequence}, kept.${sequence})`;
}
