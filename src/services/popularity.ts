import type { Queryable } from "../origin/database.js";
import { timesOrdered, topItems } from "../origin/popularity.js";
import type { PopularItemRow } from "../origin/rows.js";
import { type Storage, StorageUnavailableError } from "../storage/index.js";

/**
 * The most ordered items: a sorted set of the top 50 of PostgreSQL's counts.
 *
 * Scores are the exact counts and are only raised, so processes may write them late, twice or in any order; adding
 * what an order brought would begin at 0 for an item that was not among the 50.
 */
export interface Popularity {
  /** The most ordered first, by id within one count. From the storage, or from PostgreSQL where that is empty or away. */
  top(count: number): Promise<PopularItemRow[]>;
  /** After an order has been committed: takes over its items' counts. Never fails because of the storage. */
  record(lines: readonly { itemId: string }[]): Promise<void>;
  /** Takes over all counts, lower ones too: after an import. Never fails because of the storage. */
  rebuild(): Promise<void>;
}

export interface PopularityOptions {
  storage: Storage;
  database: Queryable;
}

const kept = 50;
/** Whatever was missed, as a write lost in a failover, is so put right. */
const ttlSeconds = 3_600;
const leaseSeconds = 10;

export function createPopularity({ storage, database }: PopularityOptions): Popularity {
  // Equals in PostgreSQL's order, so that the last of the 50 is the same here and there.
  const ranking = storage.sortedSet("most-ordered", { ttlSeconds, ties: "ascending" });
  const leases = storage.hash("popularity-rebuild", {}, { ttlSeconds: leaseSeconds });
  /** Set when this process could not write: what is stored may lack its orders. */
  let isBehind = false;

  async function stored(count: number): Promise<PopularItemRow[]> {
    const members = await ranking.top(count);
    return members.map(({ member, score }) => ({ itemId: member, timesOrdered: score }));
  }

  async function rebuild(): Promise<PopularItemRow[]> {
    const rows = await topItems(database, kept);
    await ranking.replaceAll(toScores(rows), { trimTo: kept });
    isBehind = false;
    if (rows.length === 0) return rows;
    // An order committed after the first reading, and recorded before the set was there, is in neither.
    const again = await topItems(database, kept);
    await ranking.raise(toScores(again), { onlyIfExists: true, trimTo: kept });
    return again;
  }

  /** One process rebuilds; the others read PostgreSQL meanwhile. */
  async function rebuiltOrRead(count: number): Promise<PopularItemRow[]> {
    if (!(await leases.create("lease", {}))) return topItems(database, count);
    try {
      return (await rebuild()).slice(0, count);
    } finally {
      await leases.delete("lease");
    }
  }

  return {
    async top(count) {
      if (count > kept) return topItems(database, count);
      try {
        const rows = isBehind ? [] : await stored(count);
        return rows.length > 0 ? rows : await rebuiltOrRead(count);
      } catch (error) {
        if (!(error instanceof StorageUnavailableError)) throw error;
        return topItems(database, count);
      }
    },
    async record(lines) {
      const itemIds = [...new Set(lines.map(({ itemId }) => itemId))];
      if (itemIds.length === 0) return;
      const counts = await timesOrdered(database, itemIds);
      await unlessUnavailable(async () => {
        if (isBehind) {
          // What this process could not write no other knows of: away with it all, and the next reader builds it anew.
          await ranking.delete();
          isBehind = false;
        } else {
          // Another order's write may fail meanwhile, for which this one's success does not make up.
          await ranking.raise(counts, { onlyIfExists: true, trimTo: kept });
        }
      });
    },
    rebuild: () => unlessUnavailable(rebuild),
  };

  async function unlessUnavailable(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      isBehind = true;
    }
  }
}

function toScores(rows: readonly PopularItemRow[]): Map<string, number> {
  return new Map(rows.map(({ itemId, timesOrdered }) => [itemId, timesOrdered]));
}
