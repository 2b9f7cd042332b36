import pg from "pg";
import { createApp } from "../../../src/app.js";
import { type Config, readConfig } from "../../../src/config.js";
import { sqlClient } from "../../../src/evictions.js";
import { createLogger } from "../../../src/http/logger.js";
import { createPostgresOutbox } from "../../../src/outbox/index.js";
import { startPostgres } from "../../support/postgres-server.js";
import { startRedis } from "../../support/redis-server.js";
import { type ServerProcess, startServer } from "./server-process.js";
import { startSlowProxy } from "./slow-proxy.js";

/** What a reader is shown of one size, by the cached fields it is in. */
export type Shown = readonly string[];

/** A PostgreSQL and a Redis of our own, the server that is killed, and a second process that reads, which is this one. */
export interface World extends AsyncDisposable {
  startServer(): ServerProcess;
  /** What the server has said to Redis, and Redis not yet heard, is lost. */
  cutRedis(): void;
  signIn(url: string): Promise<string>;
  setPrice(url: string, token: string, sizeId: string, price: string): Promise<void>;
  readFrom(url: string, sizeId: string): Promise<Shown>;
  /** In this process. */
  readHere(sizeId: string): Promise<Shown>;
  /** A relay in this process, until it is closed. */
  startNeighbour(): { close(): Promise<void> };
  /** What the database says. */
  price(sizeId: string): Promise<string>;
  /** Evictions recorded and not delivered. */
  pending(): Promise<number>;
  /** Empties the cache and the outbox, after a violation. */
  reset(): Promise<void>;
}

const STAFF = { STAFF_EMAIL: "chef@example.org", STAFF_PASSWORD: "correct horse" };
const ITEM = "id sizes { id price }";

interface Item {
  id: string;
  sizes: { id: string; price: string }[];
}
type Ask = (query: string, token?: string) => Promise<Record<string, unknown>>;

export interface WorldOptions {
  redisDelayMs: number;
  isRelayOn: boolean;
}

export async function createWorld(options: WorldOptions): Promise<World> {
  const opened: (() => PromiseLike<unknown>)[] = [];
  const end = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return { ...(await open(options, (close) => opened.push(close))), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function open(
  options: WorldOptions,
  onEnd: (close: () => PromiseLike<unknown>) => void,
): Promise<Omit<World, typeof Symbol.asyncDispose>> {
  const postgres = await startPostgres();
  onEnd(postgres.stop);
  const redis = await startRedis();
  onEnd(redis.stop);
  const proxy = await startSlowProxy(redis.port, options.redisDelayMs);
  onEnd(() => proxy[Symbol.asyncDispose]());
  const databaseUrl = postgres.url();
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on("error", () => {});
  await client.connect();
  onEnd(() => client.end());

  const config: Config = {
    ...readConfig({ NODE_ENV: "test", PORT: "0", ...STAFF, DATABASE_URL: databaseUrl }),
    redisUrl: redis.url,
  };
  const here = await createApp(config, {
    log: createLogger("test", { write: () => {} }),
    passwords: { cost: { ln: 4, r: 8, p: 1 } },
    relay: false,
  });
  onEnd(() => here.close());
  const { cache, database } = here.backends;

  const askHere: Ask = async (query) => {
    const response = await here.fastify.inject({
      method: "POST",
      url: "/graphql",
      payload: { query },
    });
    return dataOf(response.json());
  };
  const askAt =
    (url: string): Ask =>
    async (query, token) => {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ query }),
      });
      return dataOf(await response.json());
    };

  return {
    startServer: () =>
      startServer({
        NODE_ENV: "test",
        PORT: "0",
        ...STAFF,
        DATABASE_URL: databaseUrl,
        REDIS_URL: proxy.url,
        ...(!options.isRelayOn && { KILL_CHECK_RELAY: "off" }),
      }),
    cutRedis: proxy.cut,
    async signIn(url) {
      const { STAFF_EMAIL: email, STAFF_PASSWORD: password } = STAFF;
      const { payload } = await askAt(url)(
        `mutation { payload: signIn(email: "${email}", password: "${password}") { token } }`,
      );
      return (payload as { token: string }).token;
    },
    async setPrice(url, token, sizeId, price) {
      await askAt(url)(
        `mutation { setPrice(sizeId: "${sizeId}", price: "${price}") { id } }`,
        token,
      );
    },
    readFrom: (url, sizeId) => read(askAt(url), sizeId),
    readHere: (sizeId) => read(askHere, sizeId),
    startNeighbour() {
      const outbox = createPostgresOutbox({
        client: sqlClient(database),
        cache,
        listen: database.listen,
      });
      outbox.start();
      return outbox;
    },
    async price(sizeId) {
      const { rows } = await client.query(
        "SELECT (price_cents / 100.0)::numeric(10, 2)::text AS price FROM menu_item_sizes WHERE id = $1",
        [sizeId],
      );
      return rows[0].price;
    },
    async pending() {
      const { rows } = await client.query("SELECT count(*)::int AS n FROM cache_evictions");
      return rows[0].n;
    },
    async reset() {
      await client.query("DELETE FROM cache_evictions");
      await cache.clear();
    },
  };
}

async function read(ask: Ask, sizeId: string): Promise<Shown> {
  const itemId = sizeId.slice(0, sizeId.lastIndexOf("-"));
  const data = await ask(`{ menu { ${ITEM} } menuItem(id: "${itemId}") { ${ITEM} } }`);
  const items = [...(data.menu as Item[]), data.menuItem as Item];
  return items
    .flatMap(({ sizes }) => sizes)
    .filter(({ id }) => id === sizeId)
    .map(({ price }) => price);
}

function dataOf(answer: unknown): Record<string, unknown> {
  const { data, errors } = answer as {
    data: Record<string, unknown>;
    errors?: { message: string }[];
  };
  if (errors) throw new Error(errors[0]?.message);
  return data;
}
