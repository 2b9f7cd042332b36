import type { Queryable } from "./database.js";

/** What a transaction changes of the rows that others may remember, as a cache does. */
export interface Change {
  /** Menu items that changed, came or went, their sizes included. */
  itemIds?: readonly string[];
  /** Orders that changed or came. */
  orderIds?: readonly string[];
  /** Customers whose list of orders changed. */
  customerIds?: readonly string[];
}

/**
 * Told of a change in the transaction that makes it, so that what it writes is committed with the change or not at all.
 */
export type OnChange = (tx: Queryable, change: Change) => Promise<void>;

/** What runs in one transaction. */
export interface Transaction extends Queryable {
  /** Every writer says what it changed, before the commit. */
  changed(change: Change): Promise<void>;
}

export function createTransaction(
  query: Queryable["query"],
  onChange: OnChange | undefined,
): Transaction {
  const tx: Transaction = {
    query,
    changed: async (change) => {
      if (Object.values(change).some((ids) => ids.length > 0)) await onChange?.(tx, change);
    },
  };
  return tx;
}
