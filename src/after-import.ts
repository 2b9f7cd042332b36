import type { Logger } from "pino";
import { openBackends } from "./backends.js";
import type { Config } from "./config.js";
import type { Database } from "./origin/database.js";
import { UndeliveredError } from "./outbox/index.js";
import { createHourlyOrders } from "./services/hourly-orders.js";
import { createPopularity } from "./services/popularity.js";

const DELIVER_WITHIN_SECONDS = 5;

/**
 * What an import changes behind the servers' backs: delivers the evictions that it recorded in its transaction, and
 * takes over the popularity from PostgreSQL. What cannot be delivered from here stays recorded for the servers' relays.
 *
 * Without Redis nothing is delivered: what other processes hold is theirs, and so are the evictions.
 */
export async function afterImport({
  config,
  log,
  database,
}: {
  config: Config;
  log: Logger;
  database: Database;
}): Promise<void> {
  if (config.redisUrl === undefined) return;
  const { outbox, storage, close } = await openBackends(config, log, { database });
  try {
    await createPopularity({ storage, database }).rebuild();
    await createHourlyOrders({ storage, database }).forget();
    await outbox.drain({ withinSeconds: DELIVER_WITHIN_SECONDS });
  } catch (error) {
    if (!(error instanceof UndeliveredError)) throw error;
    log.warn("Redis is out of reach: the servers evict the old menu as soon as they reach it");
  } finally {
    await close();
  }
}
