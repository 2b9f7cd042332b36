import type { OnChange, Transaction } from "./changes.js";
import { openPgDatabase } from "./pg-database.js";
import { openPgliteDatabase } from "./pglite-database.js";

/**
 * What can be asked. A row's values are the same JavaScript types under both drivers:
 * int8 is a bigint, int4 a number, timestamptz a Date, text[] an array of strings, numeric and date a string.
 */
export interface Queryable {
  /** Runs one statement. `sql` is never built from values: they go into `params`, as $1, $2 … */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

/** One connection, held for a run of statements. Several statements may stand in one string without params. */
export interface Connection {
  query(sql: string, params?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

export interface TransactionOptions {
  /** Whether its statements may take as long as they take. Default false. */
  isUnlimited?: boolean;
}

/** The pizzeria's origin: PostgreSQL, as a server or embedded. */
export interface Database extends Queryable {
  readonly kind: "postgres" | "pglite";
  /**
   * Commits what `run` did, or rolls it all back if it throws.
   * Inside it ask only `tx`: the embedded database has one connection, which the transaction holds.
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Holds one connection, free of time limits. For migrations, at the start, before anything else is asked. */
  withConnection<T>(run: (connection: Connection) => Promise<T>): Promise<T>;
  /**
   * Listens to a channel of NOTIFY on a connection of its own; resolves, once it listens, with how to stop.
   * `lost` is told when that connection is gone.
   */
  listen(
    channel: string,
    on: { notify(payload?: string): void; lost(error?: Error): void },
  ): Promise<() => Promise<void>>;
  /** Rejects when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `postgres://…` for a server, `memory:` for an embedded database that keeps nothing. Default: embedded, in `dataFolder`. */
  url?: string | undefined;
  /** Where the embedded database lives. Guarded by a lock: one process at a time. Default ".data". */
  dataFolder?: string | undefined;
  /** Most connections to a server. Default 10. */
  maxConnections?: number | undefined;
  /** Longest run of one statement on a server. Default 10,000. */
  statementTimeoutMs?: number | undefined;
  /** Told of every statement sent, transactions' own included. For counting. */
  onStatement?: ((sql: string) => void) | undefined;
  /** Told of what a transaction changes, inside it. */
  onChange?: OnChange | undefined;
  /** Told of a failure no caller sees, as a lost idle connection, in one line without secrets. */
  onProblem?: ((message: string) => void) | undefined;
}

/**
 * Opens the database; it may still be empty: `migrate` makes its tables.
 *
 * @throws DatabaseUnavailableError when the server does not answer.
 * @throws InvalidDatabaseUrlError when `url` is neither `postgres:`, `postgresql:` nor `memory:`.
 * @throws DataFolderLockedError when another process has the data folder open.
 * @throws DataFolderUnusableError when it is no folder that we can write to, or holds something else.
 */
export async function openDatabase(options: DatabaseOptions = {}): Promise<Database> {
  if (options.url === undefined) {
    return openPgliteDatabase({ ...options, dataFolder: options.dataFolder ?? ".data" });
  }
  if (options.url === "memory:") return openPgliteDatabase({ ...options, dataFolder: undefined });
  return openPgDatabase({ ...options, url: options.url });
}
