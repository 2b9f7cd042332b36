import type { Cache, WriteBehind } from "./cache/index.js";
import {
  customerPreferences,
  type PreferenceWrite,
  savePreferences,
} from "./origin/customer-preferences.js";
import type { Queryable } from "./origin/database.js";
import type { KeptPreferences, Preferences } from "./services/preferences.js";

const KEY = "customer-preferences:";
/** Read at a sign-in alone, and most customers sign in again within some days. */
const ENTRY = { ttlSeconds: 24 * 3600 };
const NONE: Preferences = { language: null, vegetarian: null, favouriteItems: [] };
const FIELDS = Object.keys(NONE) as (keyof Preferences)[];

type Value = Preferences[keyof Preferences];

/**
 * Preferences in PostgreSQL, written behind the cache: a customer who tries out a dozen of them in a minute costs the
 * database one statement or two, which it shares with other customers, and none that the customer waits for.
 *
 * Each of a customer's preferences is a key of its own, since of two writes of one key the newer stands for both: two
 * sessions that change different ones, in whichever processes, have nothing to merge and so lose nothing.
 */
export function createKeptPreferences(
  cache: Cache,
  database: Queryable,
): KeptPreferences & { queue: WriteBehind<Value> } {
  const queue = cache.writeBehind<Value>("customer-preferences", {
    delaySeconds: 1,
    write: (writes) =>
      savePreferences(
        database,
        writes.map(({ key, value, sequence }) => ({ ...readKey(key), value, sequence })),
      ),
  });
  return {
    queue,
    async find(customerId) {
      const keys = FIELDS.map((field) => keyOf(customerId, field));
      const values = await cache.getOrSetMany<Value>(keys, ENTRY, async (missing) => {
        const row = (await customerPreferences(database, customerId)) ?? NONE;
        return missing.map((key) => row[readKey(key).field]);
      });
      const found = values.map((value, i) => {
        if (value instanceof Error) throw value;
        return [FIELDS[i], value];
      });
      return Object.fromEntries(found) as Preferences;
    },
    async keep(customerId, changed) {
      const puts = FIELDS.flatMap((field) => {
        const value = changed[field];
        return value === undefined ? [] : [queue.put(keyOf(customerId, field), ENTRY, value)];
      });
      await Promise.all(puts);
    },
  };
}

function keyOf(customerId: string, field: keyof Preferences): string {
  return `${KEY}${field}:${customerId}`;
}

function readKey(key: string): Pick<PreferenceWrite, "customerId" | "field"> {
  const [, field, ...customerId] = key.split(":");
  return { field: field as keyof Preferences, customerId: customerId.join(":") };
}
