import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { type BackendOptions, type Backends, openBackends } from "./backends.js";
import type { Cache } from "./cache/index.js";
import { createCaller } from "./caller.js";
import type { Config } from "./config.js";
import type { CachePort, Context } from "./context.js";
import { createGraphql } from "./graphql.js";
import { createFastify } from "./http/fastify.js";
import { addHealthRoutes } from "./http/health.js";
import { limits } from "./http/limits.js";
import { createLogger } from "./http/logger.js";
import { addMetricsRoute } from "./http/metrics.js";
import { addSubscriptions } from "./http/subscriptions.js";
import { createKeptPreferences } from "./kept-preferences.js";
import { createLoaders } from "./origin/loaders.js";
import { UndeliveredError } from "./outbox/index.js";
import { createServices, type Services, type ServicesOptions } from "./services/create-services.js";
import { KitchenUnavailableError } from "./services/errors.js";
import { startKitchenTending } from "./services/kitchen-tending.js";
import type { PasswordsOptions } from "./services/passwords.js";
import { type MadeUpStaff, prepareStaff } from "./staff.js";

/** The pizzeria, built and not yet listening. */
export interface App {
  readonly fastify: FastifyInstance;
  readonly backends: Backends;
  readonly services: Services;
  readonly log: Logger;
  /** The staff account's credentials, if they were made up now. */
  readonly madeUpStaff: MadeUpStaff | undefined;
  /** Listens where the settings say, and answers with the URL of /graphql. */
  listen(): Promise<string>;
  /** Takes no more requests, lets those in flight finish for `drainMs`, then closes everything. */
  close(): Promise<void>;
}

export interface AppOptions extends BackendOptions {
  log?: Logger;
  passwords?: PasswordsOptions;
  /** Default 8,000: within the 10 s that supervisors give. */
  drainMs?: number;
  /** False: what the database holds recorded of evictions is left to other processes. Default true. */
  relay?: boolean;
  kitchen?: ServicesOptions["kitchen"];
  /** False: overdue tickets and lost queues are left to other processes. Default true. */
  tendKitchen?: boolean;
  /** Default: an hour. */
  socketLifetimeMs?: number;
}

/** What a start may lose to a Redis that is away, when a killed process left evictions behind. */
const DELIVER_WITHIN_SECONDS = 2;

export async function createApp(config: Config, options: AppOptions = {}): Promise<App> {
  const log = options.log ?? createLogger(config.environment);
  const backends = await openBackends(config, log, options);
  try {
    return await assemble(config, log, backends, options);
  } catch (error) {
    await backends.close();
    throw error;
  }
}

async function assemble(
  config: Config,
  log: Logger,
  backends: Backends,
  options: AppOptions,
): Promise<App> {
  const { drainMs = 8_000, passwords, kitchen, relay = true, tendKitchen = true } = options;
  const { socketLifetimeMs } = options;
  const { database, storage, cache, outbox, redis } = backends;
  if (relay) await deliverLeftBehind(backends, log);
  const keptPreferences = createKeptPreferences(cache, database);
  const services = createServices({
    database,
    storage,
    passwords,
    keptPreferences,
    kitchen,
    onProblem: (err) => log.error({ err }, "failed after the answer was decided"),
  });

  const refreshContext = (context: Context) => ({ ...context, loaders: createLoaders(database) });
  const { schema, apollo } = createGraphql({ config, log, cache, refreshContext });
  await apollo.start();

  const cachePort = createCachePort(cache);
  const contextOf = (
    asked: { authorization: string | undefined } & Pick<Context, "address" | "log">,
  ): Context => ({
    caller: createCaller(asked.authorization, services.sessions.find),
    database,
    loaders: createLoaders(database),
    services,
    cache: cachePort,
    address: asked.address,
    log: asked.log,
  });
  const context = async ({ headers, ip, log }: FastifyRequest) =>
    contextOf({ authorization: headers.authorization, address: ip, log });

  const fastify = await createFastify(config, log);
  addHealthRoutes(fastify, {
    database: () => database.ping(),
    redis: redis && (() => redis.ping()),
    cache: () => cache.health(),
    outbox: () => outbox.health(),
  });
  addMetricsRoute(fastify, {
    cache,
    origin: backends,
    outbox,
    queues: [keptPreferences.queue],
    token: config.metricsToken,
  });
  fastify.route({
    method: ["GET", "POST", "OPTIONS"],
    url: "/graphql",
    handler: fastifyApolloHandler(apollo, { context }),
  });
  addSubscriptions(fastify, {
    schema,
    contextOf: (caller) => contextOf({ ...caller, log }),
    mask: config.environment === "production",
    log,
    limitAddresses: config.trustProxy === false,
    closeMs: Math.min(limits.socketCloseMs, drainMs),
    ...(socketLifetimeMs !== undefined && { lifetimeMs: socketLifetimeMs }),
  });

  // Last of what may fail: a password that was made up is told once, by whoever gets the app.
  const madeUpStaff = await prepareStaff(config, database, services.passwords, log);

  const tending = tendKitchen
    ? startKitchenTending({
        kitchen: services.kitchen,
        // An outage of Redis is told by others.
        onProblem: (err) => err instanceof KitchenUnavailableError || log.error({ err }, "kitchen"),
      })
    : undefined;

  return {
    fastify,
    backends,
    services,
    log,
    madeUpStaff,
    listen: async () => {
      const url = await fastify.listen({ port: config.port, host: config.host });
      return `${url}/graphql`;
    },
    close: async () => {
      const deadline = setTimeout(() => fastify.server.closeAllConnections(), drainMs);
      await fastify.close();
      clearTimeout(deadline);
      await apollo.stop();
      await tending?.close();
      await services.kitchenEvents.close();
      await backends.close();
    },
  };
}

/**
 * A process that was killed between a commit and its eviction left the eviction in the outbox: until it is delivered,
 * nothing may be served from the cache. While Redis is away it cannot be, and nothing is: the cache was handed it, asks
 * the origin, and delivers it before it reads from Redis again. So the start goes on, and the relay with it.
 */
async function deliverLeftBehind({ outbox }: Backends, log: Logger): Promise<void> {
  try {
    await outbox.drain({ withinSeconds: DELIVER_WITHIN_SECONDS });
  } catch (error) {
    if (!(error instanceof UndeliveredError)) throw error;
    log.info(error.message);
  }
  outbox.start();
}

function createCachePort(cache: Cache): CachePort {
  return {
    stats: async () => ({ ...cache.stats(), entries: await cache.estimateEntries() }),
    evictTags: async (tags) => (await cache.evictTags(tags)).entries,
  };
}
