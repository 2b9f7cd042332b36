import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { type Database, type DatabaseOptions, openDatabase } from "../../src/origin/database.js";
import { migrate } from "../../src/origin/migrate.js";
import { seedMenu } from "../../src/origin/seed-menu.js";
import { findPostgres, type PostgresServer, startPostgres } from "./postgres-server.js";

export type DatabaseKind = "pglite" | "postgres";

/** Every kind there is on this machine: PGlite always, a PostgreSQL server where it is installed. */
export const databaseKinds: readonly DatabaseKind[] = findPostgres()
  ? ["pglite", "postgres"]
  : ["pglite"];
if (databaseKinds.length === 1) {
  console.log("PostgreSQL is not installed: the origin is tested on the embedded database alone.");
}

/** A database of one's own, migrated and with the seeded menu, that is not open yet. */
export interface DatabasePlace extends AsyncDisposable {
  readonly kind: DatabaseKind;
  /** What to open it with; its fields are DATABASE_URL or the data folder. */
  readonly options: Pick<DatabaseOptions, "url" | "dataFolder">;
  remove(): Promise<void>;
}

export interface FreshDatabase extends AsyncDisposable {
  readonly kind: DatabaseKind;
  readonly database: Database;
  readonly place: DatabasePlace;
  /** Every statement sent since it was opened; empty it with `statements.length = 0`. */
  readonly statements: string[];
}

/** Makes such a place: a copy of a prepared folder, or of a template database, within some 0.1 s. */
export async function freshPlace(kind: DatabaseKind): Promise<DatabasePlace> {
  return kind === "pglite" ? pglitePlace() : postgresPlace();
}

/** Makes such a place and opens it. Disposing of it closes and removes it. */
export async function freshDatabase(
  options: { kind?: DatabaseKind } & Pick<DatabaseOptions, "onProblem"> = {},
): Promise<FreshDatabase> {
  const { kind = "pglite", onProblem } = options;
  const place = await freshPlace(kind);
  const statements: string[] = [];
  const database = await openDatabase({
    ...place.options,
    onProblem,
    onStatement: (sql) => statements.push(sql),
  });
  return {
    kind,
    database,
    place,
    statements,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await place.remove();
    },
  };
}

async function pglitePlace(): Promise<DatabasePlace> {
  const prepared = await preparedFolder();
  const dataFolder = await mkdtemp(join(tmpdir(), "pizzeria-data-"));
  await cp(join(prepared, "pglite"), join(dataFolder, "pglite"), { recursive: true });
  const remove = () => rm(dataFolder, { recursive: true, force: true });
  return { kind: "pglite", options: { dataFolder }, remove, [Symbol.asyncDispose]: remove };
}

let prepared: Promise<string> | undefined;

/** Creating an embedded database takes seconds and much memory, so it is done once for each state of the schema. */
function preparedFolder(): Promise<string> {
  prepared ??= (async () => {
    const parent = join(tmpdir(), "pizzeria-prepared");
    const folder = join(parent, await schemaDigest());
    if (existsSync(folder)) return folder;
    await mkdir(parent, { recursive: true });
    const dataFolder = await mkdtemp(join(parent, "making-"));
    await prepare({ dataFolder });
    // Two workers may both have made one; the first to rename it wins, and they are equal.
    await rename(dataFolder, folder).catch(() => rm(dataFolder, { recursive: true, force: true }));
    return folder;
  })();
  return prepared;
}

let server: Promise<PostgresServer> | undefined;
let databases = 0;

async function postgresPlace(): Promise<DatabasePlace> {
  server ??= startTemplateServer();
  const { run, url } = await server;
  const name = `test_${++databases}`;
  await run(`CREATE DATABASE ${name} TEMPLATE prepared`);
  const remove = () => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  return {
    kind: "postgres",
    options: { url: url(name) },
    remove,
    [Symbol.asyncDispose]: remove,
  };
}

async function startTemplateServer(): Promise<PostgresServer> {
  const started = await startPostgres();
  await started.run("CREATE DATABASE prepared");
  await prepare({ url: started.url("prepared") });
  return started;
}

afterAll(async () => {
  await (await server)?.stop();
  server = undefined;
});

async function prepare(options: DatabaseOptions): Promise<void> {
  const database = await openDatabase(options);
  try {
    await migrate(database);
    await seedMenu(database);
  } finally {
    await database.close();
  }
}

async function schemaDigest(): Promise<string> {
  const origin = fileURLToPath(new URL("../../src/origin/", import.meta.url));
  const migrations = (await readdir(join(origin, "migrations"))).sort();
  const files = [
    ...migrations.map((name) => join(origin, "migrations", name)),
    join(origin, "seed-menu.ts"),
    join(origin, "inventory.ts"),
    createRequire(import.meta.url)
      .resolve("@electric-sql/pglite")
      .replace(/dist\/.*$/, "package.json"),
  ];
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}
