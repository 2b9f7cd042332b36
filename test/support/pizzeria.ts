import type { DestinationStream } from "pino";
import { type App, type AppOptions, createApp } from "../../src/app.js";
import { type Config, readConfig } from "../../src/config.js";
import { createLogger } from "../../src/http/logger.js";
import { type DatabaseKind, type DatabasePlace, databaseKinds, freshPlace } from "./database.js";
import { startCluster } from "./redis-cluster.js";
import { type RedisServer, startRedis } from "./redis-server.js";

export interface BackendKind {
  name: string;
  database: DatabaseKind;
  redis: boolean;
  /** A cluster of three masters, of which no single one is the backends' `redis`. */
  isCluster?: boolean;
}

/** What the whole suite of operations runs over. */
export const embedded: BackendKind = { name: "embedded", database: "pglite", redis: false };
export const servers: BackendKind = {
  name: "on servers",
  database: databaseKinds.includes("postgres") ? "postgres" : "pglite",
  redis: true,
};
export const backendKinds = [embedded, servers];
const cluster: BackendKind = { ...servers, name: "on a cluster", isCluster: true };
/** Where the whole contract is served. */
export const allKinds = [...backendKinds, cluster];

/** A database and a Redis of the test's own. */
export interface TestBackends extends AsyncDisposable {
  readonly place: DatabasePlace;
  readonly redis: RedisServer | undefined;
  readonly redisUrl?: string | undefined;
}

export async function startBackends(kind: BackendKind): Promise<TestBackends> {
  const [place, redis, cluster] = await Promise.all([
    freshPlace(kind.database),
    kind.redis && !kind.isCluster ? startRedis() : undefined,
    kind.isCluster ? startCluster() : undefined,
  ]);
  return {
    place,
    redis,
    redisUrl: cluster?.url ?? redis?.url,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([place.remove(), redis?.stop(), cluster?.stop()]);
    },
  };
}

export const STAFF = { email: "chef@example.org", password: "correct horse" };

export interface PizzeriaOptions
  extends Pick<
    AppOptions,
    "cache" | "database" | "drainMs" | "kitchen" | "socketLifetimeMs" | "tendKitchen"
  > {
  /**
   * Default false: the relay evicts a second time what the mutation evicted before its answer, whenever it comes to it,
   * which would hide a mutation that does not, and disturb who counts what is asked of the origin.
   */
  relay?: boolean;
  config?: Partial<Config>;
  /** Instead of the backends' own, as a proxy's. */
  redisUrl?: string;
}

export interface Answer<Data> {
  status: number;
  headers: Record<string, unknown>;
  data: Data;
  errors?: { message: string; path?: unknown[]; extensions: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
}

export interface Ask {
  variables?: Record<string, unknown>;
  token?: string | undefined;
  headers?: Record<string, string>;
}

/** A running pizzeria, asked over HTTP without a socket. */
export interface Pizzeria extends AsyncDisposable {
  readonly app: App;
  readonly config: Config;
  /** Every SQL statement since it was last emptied, but the outbox's own. */
  readonly statements: string[];
  /** Every line logged, parsed. */
  readonly logs: Record<string, unknown>[];
  ask<Data = Record<string, unknown>>(query: string, options?: Ask): Promise<Answer<Data>>;
  /** The code of the first error an operation is answered with; undefined when there is none. */
  codeOf(query: string, options?: Ask): Promise<unknown>;
  /** A new customer's token. */
  signUp(name?: string): Promise<string>;
  /** A new session's token, of the staff account. */
  signInStaff(): Promise<string>;
}

export async function openPizzeria(
  backends: Pick<TestBackends, "place" | "redis" | "redisUrl">,
  options: PizzeriaOptions = {},
): Promise<Pizzeria> {
  const statements: string[] = [];
  const logs: Record<string, unknown>[] = [];
  const { url, dataFolder } = backends.place.options;
  const redisUrl = options.redisUrl ?? backends.redisUrl ?? backends.redis?.url;
  const config: Config = {
    ...readConfig({ NODE_ENV: "test", PORT: "0" }),
    ...(url !== undefined && { databaseUrl: url }),
    ...(dataFolder !== undefined && { dataFolder }),
    ...(redisUrl !== undefined && { redisUrl }),
    staffEmail: STAFF.email,
    staffPassword: STAFF.password,
    ...options.config,
  };
  const stream: DestinationStream = { write: (line) => void logs.push(JSON.parse(line)) };
  const app = await createApp(config, {
    log: createLogger(config.environment, stream),
    // As good as any for tests, at a thousandth of the time.
    passwords: { cost: { ln: 4, r: 8, p: 1 } },
    onStatement: (sql) => {
      if (!sql.includes("cache_evictions") || sql.includes("INSERT")) statements.push(sql);
    },
    // Long enough for a machine that is busy with other tests: an outage is what a test asks for.
    cache: { commandTimeoutMs: 1_000, ...options.cache },
    ...(options.database && { database: options.database }),
    relay: options.relay ?? false,
    ...(options.kitchen && { kitchen: options.kitchen }),
    ...(options.socketLifetimeMs !== undefined && { socketLifetimeMs: options.socketLifetimeMs }),
    // Its statements come when they come.
    tendKitchen: options.tendKitchen ?? false,
    ...(options.drainMs !== undefined && { drainMs: options.drainMs }),
  });

  async function ask<Data = Record<string, unknown>>(
    query: string,
    { variables, token, headers }: Ask = {},
  ): Promise<Answer<Data>> {
    const response = await app.fastify.inject({
      method: "POST",
      url: "/graphql",
      payload: { query, variables },
      headers: {
        "x-cache-debug": "1",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    return { status: response.statusCode, headers: response.headers, ...response.json() };
  }
  async function tokenFrom(mutation: string, variables: Record<string, unknown>): Promise<string> {
    const { data, errors } = await ask<{ payload: { token: string } }>(mutation, {
      variables,
    });
    if (errors) throw new Error(errors[0]?.message);
    return data.payload.token;
  }

  let customers = 0;
  return {
    app,
    config,
    statements,
    logs,
    ask,
    codeOf: async (query, how) => (await ask(query, how)).errors?.[0]?.extensions.code,
    signUp: (name = "Ada") => {
      customers += 1;
      return tokenFrom(
        `mutation ($name: String!, $email: String!) {
           payload: signUp(name: $name, email: $email, password: "12345678") { token }
         }`,
        { name, email: `customer-${customers}@example.org` },
      );
    },
    signInStaff: () =>
      tokenFrom(
        `mutation ($email: String!, $password: String!) {
           payload: signIn(email: $email, password: $password) { token }
         }`,
        STAFF,
      ),
    [Symbol.asyncDispose]: app.close,
  };
}

/** A pizzeria over backends of its own, which go with it. */
export async function startPizzeria(
  kind: BackendKind,
  options: PizzeriaOptions = {},
): Promise<Pizzeria> {
  const backends = await startBackends(kind);
  const pizzeria = await openPizzeria(backends, options);
  return {
    ...pizzeria,
    async [Symbol.asyncDispose]() {
      await pizzeria[Symbol.asyncDispose]();
      await backends[Symbol.asyncDispose]();
    },
  };
}
