import { createSecureContext } from "node:tls";
import pg, { type QueryConfig } from "pg";
import { pgListen } from "../outbox/index.js";
import { createTransaction, type Transaction } from "./changes.js";
import type {
  Connection,
  Database,
  DatabaseOptions,
  Queryable,
  TransactionOptions,
} from "./database.js";
import { DatabaseBusyError, DatabaseUnavailableError, InvalidDatabaseUrlError } from "./errors.js";
import { throwWithoutValues } from "./without-values.js";

const { Client, Pool, types } = pg;

/** How much longer than PostgreSQL's own limit we wait: past it the connection is silent, and PostgreSQL not slow. */
const SILENCE_MS = 2_000;

/** A pool of connections to a PostgreSQL server. */
export async function openPgDatabase(
  options: DatabaseOptions & { url: string },
): Promise<Database> {
  const { onStatement, onProblem, onChange } = options;
  const connectionString = checkedUrl(options.url);
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000;
  // To both, 0 is no limit.
  const queryTimeoutMs = statementTimeoutMs === 0 ? 0 : statementTimeoutMs + SILENCE_MS;
  const pool = new Pool({
    connectionString,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: 60_000,
    application_name: "pizzeria",
    types: { getTypeParser },
  });
  // Without a listener the loss of an idle connection would end the process.
  pool.on("error", (error) => onProblem?.(`A database connection was lost: ${error.message}`));

  const ping = () => pool.query(limited("SELECT 1", queryTimeoutMs));
  await ping().catch(async (error: Error) => {
    await pool.end();
    // Several addresses tried in vain reject together, without a message.
    const reason = error instanceof AggregateError ? error.errors.join("; ") : error.message;
    throw new DatabaseUnavailableError(`The database server must answer: ${reason}.`, error);
  });

  /** `timeoutMs` 0: however long it takes. */
  function ask(client: pg.Pool | pg.PoolClient, timeoutMs = queryTimeoutMs): Queryable["query"] {
    return async <Row>(sql: string, params?: readonly unknown[]) => {
      onStatement?.(sql);
      const result = await client
        .query(limited(sql, timeoutMs), params === undefined ? [] : [...params])
        .catch(refuseWhenBusy)
        .catch(tellOfSilence)
        .catch(throwWithoutValues);
      return result.rows as Row[];
    };
  }

  async function transaction<T>(
    run: (tx: Transaction) => Promise<T>,
    { isUnlimited = false }: TransactionOptions = {},
  ): Promise<T> {
    const client = await pool.connect().catch(refuseWhenBusy);
    // A connection lost between two statements tells its client alone; the next statement rejects.
    const ignoreLoss = () => {};
    client.on("error", ignoreLoss);
    const statement = ask(client, isUnlimited ? 0 : queryTimeoutMs);
    let broken: Error | undefined;
    async function query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
      try {
        return await statement<Row>(sql, params);
      } catch (error) {
        if (error instanceof DatabaseUnavailableError) broken = error;
        throw error;
      }
    }
    try {
      await query("BEGIN");
      if (isUnlimited) await query("SET LOCAL statement_timeout = 0");
      const result = await run(createTransaction(query, onChange));
      await query("COMMIT");
      return result;
    } catch (error) {
      // Why we roll back says more than that the connection is gone as well; but then the pool must drop it.
      // What is silent would not hear it.
      if (broken === undefined) {
        await query("ROLLBACK").catch((rollbackError: Error) => {
          broken = rollbackError;
        });
      }
      throw error;
    } finally {
      client.off("error", ignoreLoss);
      client.release(broken);
    }
  }

  return {
    kind: "postgres",
    query: ask(pool),
    transaction,
    withConnection: async <T>(run: (connection: Connection) => Promise<T>) => {
      const client = await pool.connect();
      client.on("error", () => {});
      try {
        await client.query("SET statement_timeout = 0");
        await client.query("SET idle_in_transaction_session_timeout = 0");
        return await run({
          query: (sql, params) => {
            onStatement?.(sql);
            return client.query(sql, params).catch(throwWithoutValues);
          },
        });
      } finally {
        client.release(true); // Its settings must not reach the pool.
      }
    },
    listen: pgListen(
      () =>
        new Client({
          connectionString,
          connectionTimeoutMillis: 5_000,
          keepAlive: true,
          application_name: "pizzeria outbox",
        }),
    ),
    ping: async () => {
      await ping();
    },
    close: () => pool.end(),
  };
}

/** The pool says nothing but this of a caller whom it could not give a connection in time. */
function refuseWhenBusy(error: Error): never {
  if (error.message === "timeout exceeded when trying to connect") {
    throw new DatabaseBusyError(error);
  }
  throw error;
}

function tellOfSilence(error: Error): never {
  if (error.message === "Query read timeout") {
    throw new DatabaseUnavailableError("The database server must answer, but is silent.", error);
  }
  throw error;
}

/** The driver gives up on it after `timeoutMs`; its types know that of a whole client alone. */
function limited(text: string, timeoutMs: number): QueryConfig & { query_timeout: number } {
  return { text, query_timeout: timeoutMs };
}

function checkedUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["postgres:", "postgresql:"].includes(parsed.protocol)) {
    throw new InvalidDatabaseUrlError(
      `DATABASE_URL must begin with postgres:// or postgresql://, or be memory:${
        parsed === undefined ? "; what came is no URL." : `; ${parsed.protocol} came.`
      }`,
    );
  }
  try {
    // Reads the files that it names; OpenSSL refuses what is in them later, where nobody could catch it.
    const { ssl } = new Client({ connectionString: url }) as { ssl?: unknown };
    if (typeof ssl === "object" && ssl !== null) createSecureContext(ssl);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidDatabaseUrlError(
      `DATABASE_URL must be usable as it is, with each file that it names, but: ${reason}.`,
      error,
    );
  }
  return url;
}

const asText = (text: string) => text;
const parsers = new Map<number, (text: string) => unknown>([
  [types.builtins.INT8, (text) => BigInt(text)],
  [types.builtins.DATE, asText],
]);

function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  return parsers.get(oid) ?? types.getTypeParser(oid, format as "text");
}
