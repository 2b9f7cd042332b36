import type { Delivery } from "./delivery.js";
import type { Row } from "./row.js";
import type { Table } from "./table.js";

export interface SweepOptions {
  /** Rows to leave alone. Default: none. */
  wanted?: (row: Row) => boolean;
  /** Asked after each batch: whether to leave it at that. */
  isOver: () => boolean;
  delivered(rows: readonly Row[]): void;
  /** They are kept, and bind this process. */
  undelivered?(rows: readonly Row[]): void;
}

/**
 * Hands over every row up to `last`, whichever relay has hold of it: evicting twice does no harm, and waiting for a
 * relay that may be dead would. Resolves with how many are left.
 */
export async function sweep(
  table: Table,
  delivery: Delivery,
  last: string,
  { wanted = () => true, isOver, delivered, undelivered }: SweepOptions,
): Promise<number> {
  let left = 0;
  for (let after = "0"; !isOver(); ) {
    const rows = await table.after(after, last);
    if (rows.length === 0) break;
    after = rows.at(-1)!.id;
    const some = rows.filter(wanted);
    if (some.length === 0) continue;
    if (await delivery.hand(some)) {
      await table.remove(some.map(({ id }) => id));
      delivered(some);
    } else {
      left += some.length;
      undelivered?.(some);
    }
  }
  return left;
}
