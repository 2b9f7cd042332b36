import type { Cache } from "../cache/types.js";
import type { OutboxEvent } from "./events.js";

/**
 * What the outbox needs of a database client. A Client, Pool or PoolClient of `pg` and a PGlite fit as they are; each
 * call is one statement, so it does not matter on which of a pool's connections it runs.
 */
export interface SqlClient {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

/**
 * Listens to a channel of PostgreSQL's NOTIFY on a connection of its own. Resolves, once it listens, with how to stop.
 * `lost` is told that the connection is gone; it is then called anew.
 */
export type Listen = (
  channel: string,
  on: { notify(payload?: string): void; lost(error?: Error): void },
) => Promise<() => Promise<void>>;

export interface RecordOptions {
  /** The outbox's table, as `name` or `schema.name`. Default "cache_evictions". */
  table?: string;
  /**
   * Tells listening relays when the transaction commits. PostgreSQL lets transactions that notify commit one after
   * another; with false the relays' poll finds the row. Default true.
   */
  notify?: boolean;
}

/** All seconds are from 0.001 to 3,600. */
export interface PostgresOutboxOptions extends RecordOptions {
  /** The relay's own access to the database. Never closed. */
  client: SqlClient;
  /** Where evictions go. Never closed; close the outbox first. */
  cache: Pick<Cache, "evictTags" | "clear" | "onEvent">;
  /** Wakes the relay as soon as something is recorded, as `pgListen` does. Default: it polls alone. */
  listen?: Listen;
  /** How often the relay looks without being woken. Default 1: what a lost notification may cost. */
  pollSeconds?: number;
  /** Rows delivered at once, up to 1,000. Default 100. */
  batchRows?: number;
  /** How long a relay that died keeps others from the rows it was delivering. Default 1: no delivery takes longer. */
  claimSeconds?: number;
  /** How long one statement or eviction may take before it counts as failed. Default 10. */
  timeoutSeconds?: number;
  /** Told of each delivery and of each failure. Default: none. */
  onEvent?: (event: OutboxEvent) => void;
}

export interface DrainOptions {
  /** Gives up after so long. Default: never. */
  withinSeconds?: number;
}

export interface OutboxStats {
  /** Rows this process delivered. */
  delivered: number;
  /** Attempts at which the cache's store was out of reach. */
  undelivered: number;
  /** Failures of the database, and rows that could not be read. */
  errors: number;
}

export interface OutboxHealth {
  /** "degraded": something waits for longer than it should, or cannot be told. */
  status: "ok" | "degraded";
  /** Recorded and not known to be delivered, counted up to 10,000; null when the database does not say. */
  pending: number | null;
  /** How long the oldest of them has waited; null when there is none. */
  oldestSeconds: number | null;
  /** What is degraded, each as one sentence; empty when ok. */
  problems: string[];
}

export interface PostgresOutbox {
  /**
   * Records that `tags` are to be evicted, in the caller's own transaction: what that commits is delivered at least
   * once, and what it rolls back never was recorded. One row a call.
   *
   * @param client the one that the transaction runs on
   * @throws InvalidOptionError for tags that no cache would take, or more than 1,000 of them.
   */
  record(client: SqlClient, tags: readonly string[]): Promise<void>;
  /**
   * Makes the table if it is not there: for those who have no migrations of their own.
   *
   * @throws OutboxDatabaseError
   */
  migrate(): Promise<void>;
  /**
   * Starts this process's relay: from now on it delivers what any process has recorded.
   *
   * @throws OutboxClosedError
   */
  start(): void;
  /**
   * Resolves when all that was committed before the call is delivered, whichever relay has hold of it. Call it before
   * the first read of the cache: a process that was killed may have left rows behind.
   *
   * Whatever could not be delivered in time was handed to the cache, which binds this process all the same.
   *
   * @throws UndeliveredError when the cache's store stays out of reach, OutboxDatabaseError when the database does,
   *   for `withinSeconds`; OutboxClosedError.
   */
  drain(options?: DrainOptions): Promise<void>;
  stats(): OutboxStats;
  /** Asks the database how much is left. Never rejects. */
  health(): Promise<OutboxHealth>;
  /** Ends the relay, after the batch it is delivering. What is left, the next relay delivers. */
  close(): Promise<void>;
}
