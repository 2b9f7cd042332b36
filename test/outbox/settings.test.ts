import type { PGlite } from "@electric-sql/pglite";
import type pg from "pg";
import { describe, expect, expectTypeOf, it, test } from "vitest";
import { InvalidOptionError } from "../../src/cache/index.js";
import {
  createPostgresOutbox,
  type ListeningClient,
  outboxTableSql,
  type PostgresOutboxOptions,
  recordEvictions,
  type SqlClient,
} from "../../src/outbox/index.js";
import { createReceivingCache } from "./support/receiving-cache.js";

const statements: string[] = [];
const client: SqlClient = {
  query: async (text) => {
    statements.push(text);
    return { rows: [] };
  },
};
const { cache } = createReceivingCache();

const NAMES = [
  'evictions"; DROP TABLE menu_items; --',
  "evictions; DROP TABLE menu_items",
  "a.b.c",
  "a b",
  "é",
  "1st",
  "",
  ".",
  "a.",
  ".a",
  "x".repeat(64),
  "a\0b",
  'a"b',
  "evictions\n",
];

describe("a table's name that could be anything but a name", () => {
  test.each(NAMES)("is refused before anything is asked: %j", async (table) => {
    statements.length = 0;
    expect(() => createPostgresOutbox({ client, cache, table })).toThrow(InvalidOptionError);
    expect(() => outboxTableSql(table)).toThrow(InvalidOptionError);
    await expect(recordEvictions(client, ["menu"], { table })).rejects.toThrow(InvalidOptionError);
    expect(statements).toEqual([]);
  });
});

describe("an option that cannot be used is refused, and named", () => {
  test.each<[string, Record<string, unknown>]>([
    ["client", { client: {} }],
    ["client", { client: undefined }],
    ["cache", { cache: {} }],
    ["notify", { notify: "yes" }],
    ["listen", { listen: "menu" }],
    ["onEvent", { onEvent: 1 }],
    ["pollSeconds", { pollSeconds: 0 }],
    ["batchRows", { batchRows: 0 }],
    ["batchRows", { batchRows: 1001 }],
    ["claimSeconds", { claimSeconds: Number.NaN }],
    ["timeoutSeconds", { timeoutSeconds: Number.POSITIVE_INFINITY }],
    ["tabel", { tabel: "evictions" }],
  ])("%s in %j", (name, wrong) => {
    const options = { client, cache, ...wrong } as unknown as PostgresOutboxOptions;
    expect(() => createPostgresOutbox(options)).toThrow(InvalidOptionError);
    expect(() => createPostgresOutbox(options)).toThrow(name);
  });
});

it("takes the drivers' own clients", () => {
  expectTypeOf<pg.Client>().toExtend<SqlClient>();
  expectTypeOf<pg.Pool>().toExtend<SqlClient>();
  expectTypeOf<pg.PoolClient>().toExtend<SqlClient>();
  expectTypeOf<PGlite>().toExtend<SqlClient>();
  expectTypeOf<pg.Client>().toExtend<ListeningClient>();
});
