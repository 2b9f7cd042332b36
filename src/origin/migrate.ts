import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import type { ClientBase } from "pg";
import type { Connection, Database } from "./database.js";

const migrationsFolder = fileURLToPath(new URL("migrations", import.meta.url));

/**
 * Brings the tables up to date, in one transaction. Processes that start together take turns by an advisory lock,
 * and those that come later find nothing left to do.
 */
export async function migrate(database: Database): Promise<void> {
  await database.withConnection((connection) =>
    runner({
      dbClient: asPgClient(connection),
      dir: migrationsFolder,
      direction: "up",
      migrationsTable: "migrations",
      advisoryLockMode: "wait",
      singleTransaction: true,
      logger: silent,
    }),
  );
}

/** Of a client, node-pg-migrate uses `query` alone, with text and params: what a Connection has. */
function asPgClient(connection: Connection): ClientBase {
  return connection as Pick<Connection, "query"> as unknown as ClientBase;
}

/** A failure reaches us as an error; the rest of what it says is of no interest. */
const silent = { debug() {}, info() {}, warn() {}, error() {} };
