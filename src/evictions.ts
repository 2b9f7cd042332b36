import { tag } from "./cache/index.js";
import type { Change, OnChange } from "./origin/changes.js";
import type { Queryable } from "./origin/database.js";
import { recordEvictions, type SqlClient } from "./outbox/index.js";

/** What the outbox takes in one row. */
const TAGS_IN_A_ROW = 1_000;

/** The tags of all that a cache may hold of what changed: those that the schema's @cached fields are filed under. */
export function tagsOf({ itemIds = [], orderIds = [], customerIds = [] }: Change): string[] {
  return [
    ...(itemIds.length > 0 ? ["menu"] : []),
    ...itemIds.map((id) => tag("menu-item:{id}", { id })),
    ...orderIds.map((id) => tag("order:{id}", { id })),
    ...customerIds.map((id) => tag("orders:{id}", { id })),
  ];
}

/** Records in the outbox, in the transaction that makes the change, what is to be evicted after its commit. */
export const recordChange: OnChange = async (tx, change) => {
  const tags = tagsOf(change);
  for (let from = 0; from < tags.length; from += TAGS_IN_A_ROW) {
    await recordEvictions(sqlClient(tx), tags.slice(from, from + TAGS_IN_A_ROW));
  }
};

/** The origin as the outbox asks it. */
export function sqlClient(origin: Queryable): SqlClient {
  return { query: async (text, values) => ({ rows: await origin.query(text, values) }) };
}
