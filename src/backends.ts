import type { Logger } from "pino";
import type { Cache, CacheEvent, CacheOptions } from "./cache/index.js";
import { createCache } from "./cache/index.js";
import type { Config } from "./config.js";
import { type Database, openDatabase } from "./origin/database.js";
import { migrate } from "./origin/migrate.js";
import { seedMenu } from "./origin/seed-menu.js";
import { createRedisFromUrl, type RedisClient } from "./redis.js";
import { createMemoryStorage, createRedisStorage, type Storage } from "./storage/index.js";

/** What the pizzeria keeps its data in. */
export interface Backends {
  readonly database: Database;
  readonly storage: Storage;
  readonly cache: Cache;
  /** Absent: storage and cache live in this process. */
  readonly redis: RedisClient | undefined;
  close(): Promise<void>;
}

export interface BackendOptions {
  /** An open one, up to date, in place of the settings' own; whoever gives it closes it. */
  database?: Database;
  /** Told of every SQL statement of the settings' own database. */
  onStatement?: (sql: string) => void;
  cache?: CacheOptions;
}

/**
 * Opens the database, brings its tables up to date, and opens Redis where there is one to open.
 * Redis may be out of reach: what needs it then fails or does without, until it answers.
 */
export async function openBackends(
  config: Config,
  log: Logger,
  options: BackendOptions = {},
): Promise<Backends> {
  const database = options.database ?? (await openOwnDatabase(config, log, options));
  const redis = config.redisUrl === undefined ? undefined : openRedis(config.redisUrl, log);
  const storage = redis
    ? createRedisStorage({ redis, prefix: `${config.redisPrefix}s:` })
    : createMemoryStorage();
  const cache = createCache({
    ...(redis && { redis }),
    prefix: `${config.redisPrefix}c:`,
    onEvent: (event) => logCacheEvent(log, event),
    ...options.cache,
  });

  const close = async () => {
    await cache.close();
    redis?.disconnect();
    if (options.database === undefined) await database.close();
  };
  return { database, storage, cache, redis, close };
}

async function openOwnDatabase(
  config: Config,
  log: Logger,
  { onStatement }: BackendOptions,
): Promise<Database> {
  const database = await openDatabase({
    url: config.databaseUrl,
    dataFolder: config.dataFolder,
    onStatement,
    onProblem: (message) => log.warn(message),
  });
  try {
    await migrate(database);
    await seedMenu(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function openRedis(url: string, log: Logger): RedisClient {
  return createRedisFromUrl(url, {
    onProblem: (message) => log.warn(message),
    onRecovery: (message) => log.info(message),
  });
}

/** An outage is the client's to report: one warning for it is enough. */
function logCacheEvent(log: Logger, event: CacheEvent): void {
  if (event.type === "error") log.warn({ err: event.error, key: event.key }, "cache error");
  if (event.type === "outage") log.debug({ err: event.error }, "cache out of reach");
  if (event.type === "recovery") log.info("cache in reach again");
}
