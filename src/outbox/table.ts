import { createHash } from "node:crypto";
import { OutboxDatabaseError } from "./errors.js";
import { decodeTags, encodeTags, type Row } from "./row.js";
import { DEFAULT_TABLE, type OutboxSettings } from "./settings.js";
import { quotedTable } from "./sql-name.js";
import type { RecordOptions, SqlClient } from "./types.js";
import { within } from "./within.js";

/**
 * The outbox's table, for your own migrations.
 *
 * @throws InvalidOptionError for a name that could be anything but a name.
 */
export function outboxTableSql(table: string = DEFAULT_TABLE): string {
  return `CREATE TABLE IF NOT EXISTS ${quotedTable(table)} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- A JSON array of strings.
  tags text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Until then one relay has hold of it, and the others leave it alone.
  claimed_until timestamptz
)`;
}

/** What PostgreSQL takes for a channel's name; past it, NOTIFY fails, and with it the transaction that records. */
const MAX_CHANNEL_BYTES = 63;

/** The channel on which recorded rows are told. */
export function channelOf(table: string): string {
  if (table.length <= MAX_CHANNEL_BYTES) return table;
  return createHash("sha256").update(table).digest("hex").slice(0, MAX_CHANNEL_BYTES);
}

/**
 * Records that `tags` are to be evicted, in the transaction that `client` is in. `PostgresOutbox.record` for programs
 * that have no cache, as an import: the relays of others deliver it.
 *
 * @throws InvalidOptionError for a table's name or tags that cannot be.
 */
export async function recordEvictions(
  client: SqlClient,
  tags: readonly string[],
  { table = DEFAULT_TABLE, notify = true }: RecordOptions = {},
): Promise<void> {
  const quoted = quotedTable(table);
  const encoded = encodeTags(tags);
  if (tags.length === 0) return;
  if (notify) {
    await client.query(
      `WITH recorded AS (INSERT INTO ${quoted} (tags) VALUES ($1)) SELECT pg_notify($2, '')`,
      [encoded, channelOf(table)],
    );
  } else {
    await client.query(`INSERT INTO ${quoted} (tags) VALUES ($1)`, [encoded]);
  }
}

/** The rows as the relay works on them: every step is one statement. Rejects with OutboxDatabaseError. */
export interface Table {
  create(): Promise<void>;
  /**
   * The oldest rows that nobody has hold of, now claimed. Others skip what is just being claimed, and a claim ends by
   * itself, so neither a slow relay nor a dead one is waited for.
   */
  claim(): Promise<Row[]>;
  /** Lets others have rows that could not be delivered from here. */
  release(ids: readonly string[]): Promise<void>;
  /** After their delivery. */
  remove(ids: readonly string[]): Promise<void>;
  /** The next rows past `after`, up to `last`, whoever has hold of them. */
  after(after: string, last: string): Promise<Row[]>;
  /** The newest row's id; undefined when there is none. */
  lastId(): Promise<string | undefined>;
  /** How many there are, up to 10,000, and the age of the oldest. */
  count(): Promise<{ pending: number; oldestSeconds: number | null }>;
}

const COUNT_AT_MOST = 10_000;

export function createTable(settings: OutboxSettings): Table {
  const { client, batchRows, claimMs, timeoutMs } = settings;
  const table = quotedTable(settings.table);

  async function ask(what: string, sql: string, params: unknown[]): Promise<unknown[]> {
    try {
      return (await within(client.query(sql, params), timeoutMs, "A statement")).rows;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new OutboxDatabaseError(`The database must ${what}, but: ${reason}`, { cause });
    }
  }

  return {
    async create() {
      const create = () => ask("make the outbox's table", outboxTableSql(settings.table), []);
      // Of two that make it at once, PostgreSQL may refuse one in spite of IF NOT EXISTS.
      await create().catch(create);
    },

    // Not "all past the last id seen": a transaction that commits late brings a row with an older id. And a claim that
    // ends later than one of now would is of before a clock was set back: nobody waits for that hour.
    async claim() {
      const rows = await ask(
        "hand out recorded evictions",
        `WITH next AS (
           SELECT id FROM ${table}
           WHERE claimed_until IS NULL OR claimed_until < clock_timestamp()
             OR claimed_until > clock_timestamp() + $2::int * interval '1 millisecond'
           ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
         )
         UPDATE ${table} AS row SET claimed_until = clock_timestamp() + $2::int * interval '1 millisecond'
         FROM next WHERE row.id = next.id
         RETURNING row.id::text AS id, row.tags`,
        [batchRows, claimMs],
      );
      return rows.map(toRow).sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
    },

    async release(ids) {
      const sql = `UPDATE ${table} SET claimed_until = NULL WHERE id = ANY($1::bigint[])`;
      await ask("give back recorded evictions", sql, [[...ids]]);
    },

    async remove(ids) {
      const sql = `DELETE FROM ${table} WHERE id = ANY($1::bigint[])`;
      await ask("forget delivered evictions", sql, [[...ids]]);
    },

    async after(after, last) {
      const rows = await ask(
        "show recorded evictions",
        `SELECT row.id::text AS id, row.tags FROM ${table} AS row
         WHERE row.id > $1::bigint AND row.id <= $2::bigint ORDER BY row.id LIMIT $3`,
        [after, last, batchRows],
      );
      return rows.map(toRow);
    },

    async lastId() {
      const sql = `SELECT max(id)::text AS id FROM ${table}`;
      const [row] = await ask("show recorded evictions", sql, []);
      return (row as { id: string | null } | undefined)?.id ?? undefined;
    },

    async count() {
      const [row] = await ask(
        "count recorded evictions",
        `SELECT count(*)::int AS pending,
                extract(epoch FROM clock_timestamp() - min(recorded_at))::float8 AS "oldestSeconds"
         FROM (SELECT recorded_at FROM ${table} ORDER BY id LIMIT ${COUNT_AT_MOST}) AS oldest`,
        [],
      );
      return row as { pending: number; oldestSeconds: number | null };
    },
  };
}

function toRow(row: unknown): Row {
  const { id, tags } = row as { id: string; tags: unknown };
  return { id, tags: decodeTags(tags) };
}
