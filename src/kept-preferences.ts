import type { Cache, WriteBehind } from "./cache/index.js";
import { customerPreferences, savePreferences } from "./origin/customer-preferences.js";
import type { Queryable } from "./origin/database.js";
import type { KeptPreferences, Preferences } from "./services/preferences.js";

const KEY = "customer-preferences:";
/** Read at a sign-in alone, and most customers sign in again within some days. */
const ENTRY = { ttlSeconds: 24 * 3600 };

/**
 * Preferences in PostgreSQL, written behind the cache: a customer who tries out a dozen of them in a minute costs the
 * database one statement or two, which it shares with other customers, and none that the customer waits for.
 */
export function createKeptPreferences(
  cache: Cache,
  database: Queryable,
): KeptPreferences & { queue: WriteBehind<Preferences> } {
  const queue = cache.writeBehind<Preferences>("customer-preferences", {
    delaySeconds: 1,
    write: (writes) =>
      savePreferences(
        database,
        writes.map(({ key, value, sequence }) => ({
          customerId: key.slice(KEY.length),
          preferences: value,
          sequence,
        })),
      ),
  });
  return {
    queue,
    find: (customerId) =>
      cache.getOrSet(KEY + customerId, ENTRY, () => customerPreferences(database, customerId)),
    async keep(customerId, preferences) {
      await queue.put(KEY + customerId, ENTRY, preferences);
    },
  };
}
