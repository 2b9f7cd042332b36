import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../src/origin/database.js";
import { DatabaseUnavailableError, InvalidDatabaseUrlError } from "../../src/origin/errors.js";
import { migrate } from "../../src/origin/migrate.js";
import { seedItems, seedMenu } from "../../src/origin/seed-menu.js";
import { databaseKinds } from "../support/database.js";
import { startPostgres } from "../support/postgres-server.js";

const thisFile = fileURLToPath(import.meta.url);

test("a server that is not there is told in one line, without the password", async () => {
  const refusal = openDatabase({ url: "postgres://u:hunter2@127.0.0.1:1/x" });
  await expect(refusal).rejects.toThrow(DatabaseUnavailableError);
  await expect(refusal).rejects.toThrow(/^The database server must answer: .*ECONNREFUSED/);
  await expect(refusal).rejects.not.toThrow(/hunter2|\n/);
});

test.each([
  ["a certificate that is not there", "sslrootcert=/none.pem", /ENOENT: .*'\/none\.pem'/],
  ["a folder as a certificate", `sslcert=${encodeURIComponent(tmpdir())}`, /EISDIR/],
  ["a file that holds no certificate", `sslcert=${encodeURIComponent(thisFile)}`, /PEM/],
])("%s is refused in one line, without the password", async (_, query, reason) => {
  const refusal = openDatabase({ url: `postgres://u:hunter2@127.0.0.1:1/x?${query}` });
  await expect(refusal).rejects.toThrow(InvalidDatabaseUrlError);
  await expect(refusal).rejects.toThrow(/^DATABASE_URL must be usable as it is, [^\n]+$/);
  await expect(refusal).rejects.toThrow(reason);
  await expect(refusal).rejects.not.toThrow(/hunter2/);
});

test("a socket that is not there is told in one line, without the password", async () => {
  const refusal = openDatabase({ url: "postgres://u:hunter2@%2Fnone/x" });
  await expect(refusal).rejects.toThrow(DatabaseUnavailableError);
  await expect(refusal).rejects.toThrow(
    /^The database server must answer: .*ENOENT \/none\/[^\n]+$/,
  );
  await expect(refusal).rejects.not.toThrow(/hunter2/);
});

const describeServer = databaseKinds.includes("postgres") ? describe : () => {};

describeServer("a PostgreSQL server", () => {
  test("that is lost fails what is asked meanwhile, is told of, and serves again when it is back", async () => {
    await using server = await startPostgres();
    const problems: string[] = [];
    const database = await openDatabase({
      url: server.url(),
      onProblem: (message) => problems.push(message),
    });
    await database.ping();
    const cut = database.transaction(async (tx) => {
      await server.kill();
      return tx.query("SELECT 1");
    });
    await expect(cut).rejects.toThrow();
    await expect(database.ping()).rejects.toThrow();
    await server.restart();
    await expect(database.ping()).resolves.toBeUndefined();

    // Now with the connection idle: nobody is asking who could be told.
    await server.kill();
    await expect.poll(() => problems.length).toBeGreaterThan(0);
    expect(problems.join()).toMatch(/^A database connection was lost: [^\n]+$/);
    await server.restart();
    await expect(database.ping()).resolves.toBeUndefined();
    await database.close();
  });

  test("is migrated and seeded once by five processes that start together", async () => {
    await using server = await startPostgres();
    const databases = await Promise.all(
      Array.from({ length: 5 }, () => openDatabase({ url: server.url() })),
    );
    await Promise.all(databases.map((database) => migrate(database)));
    await Promise.all(databases.map((database) => seedMenu(database)));
    const counts = await databases[0]!.query(
      "SELECT (SELECT count(*)::int FROM menu_items) AS items, (SELECT count(*)::int FROM migrations) AS migrations",
    );
    const files = await readdir(new URL("../../src/origin/migrations/", import.meta.url));
    expect(counts).toStrictEqual([{ items: seedItems.length, migrations: files.length }]);
    await Promise.all(databases.map((database) => database.close()));
  });

  test("ends a statement that runs too long", async () => {
    await using server = await startPostgres();
    const database = await openDatabase({ url: server.url(), statementTimeoutMs: 50 });
    await expect(database.query("SELECT pg_sleep(60)")).rejects.toThrow("statement timeout");
    await database.close();
  });
});
