import type { Logger } from "pino";
import { openBackends } from "./backends.js";
import { StoreUnavailableError, tag } from "./cache/index.js";
import type { Config } from "./config.js";
import type { Database } from "./origin/database.js";
import type { ImportSummary } from "./origin/importer.js";
import { listMenu } from "./origin/menu.js";
import { createPopularity } from "./services/popularity.js";

/**
 * What an import changes behind the servers' backs: evicts the menu from their cache, and takes over the popularity
 * from PostgreSQL. Without Redis no other process holds anything of it.
 *
 * @throws StoreUnavailableError when that could not be delivered: the import stands, and cached menus trail it by
 *   their ttl. A repeated import delivers it, though it changes nothing.
 */
export async function afterImport(
  { config, log, database }: { config: Config; log: Logger; database: Database },
  { changedItemIds }: ImportSummary,
): Promise<void> {
  if (config.redisUrl === undefined) return;
  const { cache, storage, close } = await openBackends(config, log, { database });
  try {
    await createPopularity({ storage, database }).rebuild();
    const listed = (await listMenu(database)).map(({ id }) => id);
    const itemIds = new Set([...changedItemIds, ...listed]);
    const itemTags = Array.from(itemIds, (id) => tag("menu-item:{id}", { id }));
    const { delivered } = await cache.evictTags(["menu", ...itemTags]);
    if (!delivered) {
      throw new StoreUnavailableError(
        "The import is committed, but Redis must be in reach to evict the old menu, and is not: import again when it is.",
      );
    }
  } finally {
    await close();
  }
}
