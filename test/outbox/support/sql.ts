import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { type Listen, pgListen, type SqlClient } from "../../../src/outbox/index.js";
import type { PostgresServer } from "../../support/postgres-server.js";

/** A database as its own driver gives it: the outbox must take that as it is. */
export interface Sql extends AsyncDisposable {
  readonly client: SqlClient;
  readonly listen: Listen;
  transaction(run: (client: SqlClient) => Promise<void>): Promise<void>;
}

/** Where several transactions may be open at once. */
export interface ConcurrentSql extends Sql {
  begin(): Promise<OpenTransaction>;
  readonly pool: pg.Pool;
}

export interface OpenTransaction {
  readonly client: SqlClient;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export async function openPglite(): Promise<Sql> {
  const pglite = await PGlite.create();
  return {
    client: pglite,
    listen: (channel, { notify }) => pglite.listen(`"${channel}"`, notify),
    transaction: (run) => pglite.transaction((tx) => run(tx)),
    [Symbol.asyncDispose]: () => pglite.close(),
  };
}

let databases = 0;

export async function openPg(server: PostgresServer): Promise<ConcurrentSql> {
  const name = `outbox_${++databases}`;
  await server.run(`CREATE DATABASE ${name}`);
  const connectionString = server.url(name);
  const pool = new pg.Pool({ connectionString });
  pool.on("error", () => {});

  async function begin(): Promise<OpenTransaction> {
    const client = await pool.connect();
    const end = async (how: "COMMIT" | "ROLLBACK") => {
      await client.query(how);
      client.release();
    };
    await client.query("BEGIN");
    return { client, commit: () => end("COMMIT"), rollback: () => end("ROLLBACK") };
  }

  return {
    client: pool,
    pool,
    listen: pgListen(() => new pg.Client({ connectionString })),
    begin,
    transaction: async (run) => {
      const transaction = await begin();
      try {
        await run(transaction.client);
      } catch (error) {
        await transaction.rollback();
        throw error;
      }
      await transaction.commit();
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
