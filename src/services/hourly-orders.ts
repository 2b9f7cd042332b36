import type { Queryable } from "../origin/database.js";
import { hourlyOrders, hourOf } from "../origin/hourly-orders.js";
import type { HourlyOrdersRow } from "../origin/rows.js";
import {
  counts,
  date,
  type HashValues,
  type Storage,
  StorageUnavailableError,
} from "../storage/index.js";

/**
 * Orders by hour, in UTC: one hash a day, of the last seven days; older days come from PostgreSQL.
 *
 * Counts are PostgreSQL's own and are only raised, so processes may write them late, twice or in any order.
 */
export interface HourlyOrders {
  /** Of a day, "2015-01-31", by hour; hours without orders are left out. From PostgreSQL where the storage is away. */
  of(day: string): Promise<HourlyOrdersRow[]>;
  /** After an order has been committed: how many its hour had with it. Never fails because of the storage. */
  record(order: { placedAt: Date; ordersOfHour: number }): Promise<void>;
  /** Forgets what is stored of the kept days, to take it over anew: after an import. Never fails because of the storage. */
  forget(): Promise<void>;
}

export interface HourlyOrdersOptions {
  storage: Storage;
  database: Queryable;
  /** Default: now. */
  now?: () => Date;
}

const keptDays = 7;
const daySeconds = 24 * 3_600;
/** Whatever was missed, as a write lost in a failover, is so put right. */
const trustedSeconds = 3_600;

const schema = { orders: counts(), builtAt: date() };
type Stored = HashValues<typeof schema>;

export function createHourlyOrders(options: HourlyOrdersOptions): HourlyOrders {
  const { storage, database, now = () => new Date() } = options;
  const days = storage.hash("hourly-orders", schema, { ttlSeconds: keptDays * daySeconds });
  /** Days of which this process could not write an order: what is stored may lack it. */
  const behind = new Set<string>();

  function isKept(day: string): boolean {
    const age = Date.parse(hourOf(now()).day) - Date.parse(day);
    return age >= 0 && age < keptDays * daySeconds * 1_000;
  }

  function isTrusted(day: string, stored: Stored | undefined): stored is Stored {
    if (stored === undefined || behind.has(day)) return false;
    return now().getTime() - stored.builtAt.getTime() < trustedSeconds * 1_000;
  }

  async function build(day: string): Promise<HourlyOrdersRow[]> {
    await days.save(day, { orders: toCounts(await hourlyOrders(database, day)), builtAt: now() });
    // An order committed after that reading, and recorded before the hash was there, is in neither.
    const rows = await hourlyOrders(database, day);
    await days.change(day, { counts: { orders: { raise: toCounts(rows) } } });
    return rows;
  }

  /**
   * Days that this process could not write no other knows to lack something: the next reader builds them anew. Nobody
   * reads what was stored of them meanwhile, here or elsewhere, whatever becomes of the building.
   */
  async function forgetMissed(): Promise<void> {
    for (const day of behind) {
      await days.delete(day);
      behind.delete(day);
    }
  }

  return {
    async of(day) {
      if (!isKept(day)) return hourlyOrders(database, day);
      try {
        await forgetMissed();
        const stored = await days.get(day);
        return isTrusted(day, stored) ? toRows(stored) : await build(day);
      } catch (error) {
        if (!(error instanceof StorageUnavailableError)) throw error;
        return hourlyOrders(database, day);
      }
    },
    async record({ placedAt, ordersOfHour }) {
      const { day, hour } = hourOf(placedAt);
      if (ordersOfHour === 0 || !isKept(day)) return;
      const raise = new Map([[String(hour), ordersOfHour]]);
      try {
        await forgetMissed();
        // A day that is not stored is built when it is first asked for.
        await days.change(day, { counts: { orders: { raise } } });
      } catch (error) {
        if (!(error instanceof StorageUnavailableError)) throw error;
        behind.add(day);
        for (const old of behind) if (!isKept(old)) behind.delete(old);
      }
    },
    async forget() {
      const today = Date.parse(hourOf(now()).day);
      for (let age = 0; age < keptDays; age += 1) {
        const { day } = hourOf(new Date(today - age * daySeconds * 1_000));
        await days.delete(day).catch((error) => {
          if (!(error instanceof StorageUnavailableError)) throw error;
        });
      }
    },
  };
}

function toCounts(rows: readonly HourlyOrdersRow[]): Map<string, number> {
  return new Map(rows.map(({ hour, orders }) => [String(hour), orders]));
}

function toRows({ orders }: Stored): HourlyOrdersRow[] {
  return [...orders]
    .map(([hour, count]) => ({ hour: Number(hour), orders: count }))
    .sort((a, b) => a.hour - b.hour);
}
