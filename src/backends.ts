import type { Logger } from "pino";
import type { Cache, CacheEvent, CacheOptions } from "./cache/index.js";
import { createCache } from "./cache/index.js";
import type { Config } from "./config.js";
import { recordChange, sqlClient } from "./evictions.js";
import { createOutageLog, type OutageLog } from "./http/outage-log.js";
import { type Database, openDatabase } from "./origin/database.js";
import { migrate } from "./origin/migrate.js";
import { seedMenu } from "./origin/seed-menu.js";
import { createPostgresOutbox, type OutboxEvent, type PostgresOutbox } from "./outbox/index.js";
import { createRedisFromUrl, firstAttempt, type RedisClient } from "./redis.js";
import { createMemoryStorage, createRedisStorage, type Storage } from "./storage/index.js";

/** What the pizzeria keeps its data in. */
export interface Backends {
  readonly database: Database;
  readonly storage: Storage;
  readonly cache: Cache;
  /** Evictions recorded in the database with the changes they belong to. Its relay is not started yet. */
  readonly outbox: PostgresOutbox;
  /** Absent: storage and cache live in this process. */
  readonly redis: RedisClient | undefined;
  /** SQL statements that the settings' own database was sent. */
  readonly statements: number;
  close(): Promise<void>;
}

export interface BackendOptions {
  /** An open one, up to date, in place of the settings' own; whoever gives it closes it. */
  database?: Database;
  /** Told of every SQL statement of the settings' own database. */
  onStatement?: (sql: string) => void;
  cache?: CacheOptions;
}

const CLIENT_TIMEOUT_MS = 2_000;
/** How long the start waits for Redis to come or to fail, before it goes on without. */
const FIRST_ATTEMPT_MS = 2_000;
/** The cache gives up on a command soon: shorter stumbles are no outage worth a warning. */
const CACHE_OUTAGE_MS = 1_000;

/**
 * Opens the database, brings its tables up to date, and opens Redis where there is one to open.
 * Redis may be out of reach: what needs it then fails or does without, until it answers.
 * @throws RefusedDatabaseError when it answers and has no such database as `REDIS_URL` names
 */
export async function openBackends(
  config: Config,
  log: Logger,
  options: BackendOptions = {},
): Promise<Backends> {
  const outages = createOutageLog(log);
  const redis = await openRedis(config.redisUrl, outages);
  const closeRedis = () => {
    redis?.disconnect();
    outages.close();
  };
  let statements = 0;
  const counted: BackendOptions = {
    onStatement(sql) {
      statements += 1;
      options.onStatement?.(sql);
    },
  };
  const database =
    options.database ??
    (await openOwnDatabase(config, log, counted).catch((error) => {
      closeRedis();
      throw error;
    }));
  const storage = redis
    ? createRedisStorage({ redis, prefix: `${config.redisPrefix}s:` })
    : createMemoryStorage();
  const cache = createCache({
    ...(redis && { redis }),
    prefix: `${config.redisPrefix}c:`,
    near: config.near,
    onEvent: (event) => logCacheEvent(log, outages, event),
    ...options.cache,
  });

  const outbox = createPostgresOutbox({
    client: sqlClient(database),
    cache,
    listen: database.listen,
    onEvent: (event) => logOutboxEvent(log, event),
  });

  const close = async () => {
    await outbox.close();
    await cache.close();
    closeRedis();
    if (options.database === undefined) await database.close();
  };
  return {
    database,
    storage,
    cache,
    outbox,
    redis,
    get statements() {
      return statements;
    },
    close,
  };
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
    onChange: recordChange,
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

async function openRedis(
  url: string | undefined,
  outages: OutageLog,
): Promise<RedisClient | undefined> {
  if (url === undefined) return undefined;
  const redis = createRedisFromUrl(url, {
    // The storage has a limit of its own, which tells a slow server from a process that was busy itself.
    commandTimeoutMs: CLIENT_TIMEOUT_MS,
    onProblem: (message) => outages.begin("client", message),
    onRecovery: () => outages.end("client"),
  });
  try {
    await firstAttempt(redis, FIRST_ATTEMPT_MS);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

function logCacheEvent(log: Logger, outages: OutageLog, event: CacheEvent): void {
  if (event.type === "error") log.warn({ err: event.error, key: event.key }, "cache error");
  if (event.type === "writeFailed") {
    log.warn({ err: event.error, key: event.key, attempt: event.attempt }, "a late write failed");
  }
  if (event.type === "deadLetter") {
    log.error(
      { err: event.error, key: event.key, queue: event.queue },
      "a late write was given up",
    );
  }
  if (event.type !== "outage" && event.type !== "recovery") return;
  const witness = event.node === undefined ? "cache" : `cache, node ${event.node}`;
  if (event.type === "recovery") {
    outages.end(witness);
    return;
  }
  const message = `Redis is out of reach (${event.error.message}); trying again until it answers`;
  outages.begin(witness, message, { lastingMs: CACHE_OUTAGE_MS });
}

/** An outage of Redis is told by the cache; here is what it holds up. */
function logOutboxEvent(log: Logger, event: OutboxEvent): void {
  if (event.type === "error") log.warn({ err: event.error }, "outbox error");
  if (event.type === "undelivered") log.info(event.error.message);
  if (event.type === "recovery") log.info("recorded evictions are delivered again");
}
