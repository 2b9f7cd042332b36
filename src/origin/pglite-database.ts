import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PGlite, types } from "@electric-sql/pglite";
import { createTransaction } from "./changes.js";
import { type DataFolderLock, lockDataFolder } from "./data-folder-lock.js";
import type { Database, DatabaseOptions, Queryable } from "./database.js";
import { DataFolderLockedError, DataFolderUnusableError } from "./errors.js";
import { throwWithoutValues } from "./without-values.js";

/** An embedded PostgreSQL; in memory without a `dataFolder`. */
export async function openPgliteDatabase(options: DatabaseOptions): Promise<Database> {
  const { dataFolder, onStatement, onProblem, onChange } = options;
  const lock = dataFolder === undefined ? undefined : await lockFolder(dataFolder, onProblem);
  const pglite = await openPglite(dataFolder).catch(async (error) => {
    await lock?.release();
    throw dataFolder === undefined ? error : new DataFolderUnusableError(dataFolder, error);
  });

  function ask(client: Pick<PGlite, "query">): Queryable["query"] {
    return async <Row>(sql: string, params?: readonly unknown[]) => {
      lock?.check();
      onStatement?.(sql);
      const result = await client
        .query<Row>(sql, params === undefined ? [] : [...params])
        .catch(throwWithoutValues);
      return result.rows;
    };
  }

  const query = ask(pglite);
  return {
    kind: "pglite",
    query,
    transaction: (run) => {
      onStatement?.("BEGIN");
      return pglite.transaction(async (tx) => {
        const result = await run(createTransaction(ask(tx), onChange));
        onStatement?.("COMMIT");
        return result;
      });
    },
    withConnection: (run) =>
      run({
        query: async (sql, params) => {
          onStatement?.(sql);
          // Only the simple protocol takes several statements in one string; only the extended one takes params.
          if (params !== undefined && params.length > 0) {
            return pglite.query<Record<string, unknown>>(sql, params).catch(throwWithoutValues);
          }
          return (await pglite.exec(sql).catch(throwWithoutValues)).at(-1) ?? { rows: [] };
        },
      }),
    listen: async (channel, { notify }) => {
      const stop = await pglite.listen(`"${channel}"`, notify);
      return async () => {
        if (!pglite.closed) await stop();
      };
    },
    ping: async () => {
      await pglite.query("SELECT 1");
    },
    close: async () => {
      if (!pglite.closed) await pglite.close();
      await lock?.release();
    },
  };
}

async function lockFolder(
  folder: string,
  onProblem: DatabaseOptions["onProblem"],
): Promise<DataFolderLock> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await lockDataFolder(folder, (error) => onProblem?.(error.message));
  } catch (error) {
    if (error instanceof DataFolderLockedError) throw error;
    throw new DataFolderUnusableError(folder, error);
  }
}

function openPglite(dataFolder: string | undefined): Promise<PGlite> {
  return PGlite.create({
    ...(dataFolder !== undefined && { dataDir: join(dataFolder, "pglite") }),
    parsers: {
      [types.INT8]: (text: string) => BigInt(text),
      [types.DATE]: (text: string) => text,
    },
  });
}
