import { checkOptionNames, integer, within, wrong } from "../cache/check-values.js";
import { quotedTable } from "./sql-name.js";
import type { Listen, PostgresOutboxOptions, SqlClient } from "./types.js";

/** The options with their defaults, checked once; no later step reads raw options. */
export interface OutboxSettings {
  readonly client: SqlClient;
  readonly cache: PostgresOutboxOptions["cache"];
  readonly table: string;
  readonly notify: boolean;
  readonly listen: Listen | undefined;
  readonly pollMs: number;
  readonly batchRows: number;
  readonly claimMs: number;
  readonly timeoutMs: number;
  readonly onEvent: PostgresOutboxOptions["onEvent"];
}

export const DEFAULT_TABLE = "cache_evictions";

const KNOWN: Readonly<Record<keyof PostgresOutboxOptions, true>> = {
  client: true,
  cache: true,
  table: true,
  notify: true,
  listen: true,
  pollSeconds: true,
  batchRows: true,
  claimSeconds: true,
  timeoutSeconds: true,
  onEvent: true,
};

/** @throws InvalidOptionError naming the option, what must hold and what came. */
export function resolveOutboxSettings(options: PostgresOutboxOptions): OutboxSettings {
  checkOptionNames("createPostgresOutbox", options, KNOWN);
  const { client, cache, table = DEFAULT_TABLE, notify = true, listen, onEvent } = options;
  if (!has(client, "query")) throw wrong("client", "a database client with query()", client);
  if (!has(cache, "evictTags") || !has(cache, "clear")) throw wrong("cache", "a cache", cache);
  if (typeof notify !== "boolean") throw wrong("notify", "true or false", notify);
  for (const [name, hook] of Object.entries({ listen, onEvent })) {
    if (hook !== undefined && typeof hook !== "function") throw wrong(name, "a function", hook);
  }
  quotedTable(table);
  return Object.freeze({
    client,
    cache,
    table,
    notify,
    listen,
    pollMs: milliseconds("pollSeconds", options.pollSeconds ?? 1),
    batchRows: integer("batchRows", options.batchRows ?? 100, 1, 1000),
    claimMs: milliseconds("claimSeconds", options.claimSeconds ?? 1),
    timeoutMs: milliseconds("timeoutSeconds", options.timeoutSeconds ?? 10),
    onEvent,
  });
}

/** @throws InvalidOptionError */
export function milliseconds(name: string, seconds: number): number {
  return Math.round(within(name, seconds, 0.001, 3600) * 1000);
}

function has(value: unknown, method: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[method] === "function";
}
