import { InvalidOptionError } from "../cache/errors.js";
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

const KNOWN: ReadonlySet<string> = new Set([
  "client",
  "cache",
  "table",
  "notify",
  "listen",
  "pollSeconds",
  "batchRows",
  "claimSeconds",
  "timeoutSeconds",
  "onEvent",
] satisfies (keyof PostgresOutboxOptions)[]);

/** @throws InvalidOptionError naming the option, what must hold and what came. */
export function resolveOutboxSettings(options: PostgresOutboxOptions): OutboxSettings {
  if (typeof options !== "object" || options === null) throw wrong("options", "an object", options);
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) {
    throw new InvalidOptionError(
      `createPostgresOutbox knows the options ${[...KNOWN].join(", ")}; "${unknown}" is not one of them.`,
    );
  }
  const { client, cache, table = DEFAULT_TABLE, notify = true, listen, onEvent } = options;
  if (!has(client, "query")) throw wrong("client", "a database client with query()", client);
  if (!has(cache, "evictTags") || !has(cache, "clear")) throw wrong("cache", "a cache", cache);
  if (typeof notify !== "boolean") throw wrong("notify", "true or false", notify);
  for (const [name, hook] of Object.entries({ listen, onEvent })) {
    if (hook !== undefined && typeof hook !== "function") throw wrong(name, "a function", hook);
  }
  quotedTable(table);
  const batchRows = options.batchRows ?? 100;
  if (!Number.isSafeInteger(batchRows) || batchRows < 1 || batchRows > 1_000) {
    throw wrong("batchRows", "a whole number from 1 to 1000", batchRows);
  }
  return Object.freeze({
    client,
    cache,
    table,
    notify,
    listen,
    pollMs: milliseconds("pollSeconds", options.pollSeconds ?? 1),
    batchRows,
    claimMs: milliseconds("claimSeconds", options.claimSeconds ?? 1),
    timeoutMs: milliseconds("timeoutSeconds", options.timeoutSeconds ?? 10),
    onEvent,
  });
}

/** @throws InvalidOptionError */
export function milliseconds(name: string, seconds: number): number {
  if (!(typeof seconds === "number" && seconds >= 0.001 && seconds <= 3600)) {
    throw wrong(name, "a number of seconds from 0.001 to 3600", seconds);
  }
  return Math.round(seconds * 1000);
}

function has(value: unknown, method: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[method] === "function";
}

function wrong(name: string, must: string, came: unknown): InvalidOptionError {
  const shown = typeof came === "object" && came !== null ? "an object" : String(came);
  return new InvalidOptionError(`${name} must be ${must}, but got: ${shown}`);
}
