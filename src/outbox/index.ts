export * from "./errors.js";
export type { OutboxEvent } from "./events.js";
export { type ListeningClient, pgListen } from "./pg-listen.js";
export { createPostgresOutbox } from "./postgres-outbox.js";
export { outboxTableSql, recordEvictions } from "./table.js";
export type {
  DrainOptions,
  Listen,
  OutboxHealth,
  OutboxStats,
  PostgresOutbox,
  PostgresOutboxOptions,
  RecordOptions,
  SqlClient,
} from "./types.js";
