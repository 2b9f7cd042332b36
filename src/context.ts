import type { Logger } from "pino";
import type { Caller } from "./caller.js";
import type { Database } from "./origin/database.js";
import type { Loaders } from "./origin/loaders.js";
import type { CacheStats } from "./schema/resolvers.generated.js";
import type { Services } from "./services/create-services.js";

/** What resolvers work with. One a request. */
export interface Context {
  readonly caller: Caller;
  readonly database: Database;
  readonly loaders: Loaders;
  readonly services: Services;
  /** All that resolvers know of the cache. */
  readonly cache: CachePort;
  /** The client's address, as far as TRUST_PROXY lets us believe it. */
  readonly address: string;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
}

/** What staff may see and do of the cache. */
export interface CachePort {
  stats(): Promise<CacheStats>;
  /** Returns how many index members the tags had. */
  evictTags(tags: readonly string[]): Promise<number>;
}
