import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../src/origin/database.js";
import { DatabaseUnavailableError, InvalidDatabaseUrlError } from "../../src/origin/errors.js";
import { migrate } from "../../src/origin/migrate.js";
import { seedItems, seedMenu } from "../../src/origin/seed-menu.js";
import { databaseKinds } from "../support/database.js";
import { createGate } from "../support/gate.js";
import { startLink } from "../support/link.js";
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

  test("that falls silent fails what is asked of it, and neither keeps a connection nor holds up the close", async () => {
    await using server = await startPostgres();
    await using link = await startLink(server.port);
    const url = `postgres://postgres@127.0.0.1:${link.port}/postgres`;
    const database = await openDatabase({ url, statementTimeoutMs: 100, maxConnections: 2 });
    const begin = () => {
      const gate = createGate();
      const ended = database.transaction(async (tx) => {
        await tx.query("SELECT 1");
        await gate.pass();
        await tx.query("SELECT 2");
      });
      return { gate, refused: expect(ended).rejects.toThrow(DatabaseUnavailableError) };
    };
    const first = begin();
    await first.gate.arrived;
    await database.ping();
    link.loseSilently();
    first.gate.open();
    await expect(database.query("SELECT 3")).rejects.toThrow(DatabaseUnavailableError);
    await first.refused;

    link.letThrough();
    // More than there may be connections: none of the silent ones is among them.
    await Promise.all(Array.from({ length: 4 }, () => database.ping()));
    const last = begin();
    await last.gate.arrived;
    link.loseSilently();
    last.gate.open();
    await database.close();
    await last.refused;
  });

  test("is waited for as long as it takes by a transaction that is unlimited", async () => {
    await using server = await startPostgres();
    const database = await openDatabase({ url: server.url(), statementTimeoutMs: 50 });
    const slow = database.transaction((tx) => tx.query("SELECT pg_sleep(2.5)"), {
      isUnlimited: true,
    });
    await expect(slow).resolves.toHaveLength(1);
    await expect(database.query("SELECT pg_sleep(60)")).rejects.toThrow("statement timeout");
    await database.close();
  });

  test("is waited for as long as it takes where no statement has a limit", async () => {
    await using server = await startPostgres();
    const database = await openDatabase({ url: server.url(), statementTimeoutMs: 0 });
    await expect(database.query("SELECT pg_sleep(2.5)")).resolves.toHaveLength(1);
    await database.close();
  });

  test("ends a statement that runs too long", async () => {
    await using server = await startPostgres();
    const database = await openDatabase({ url: server.url(), statementTimeoutMs: 50 });
    await expect(database.query("SELECT pg_sleep(60)")).rejects.toThrow("statement timeout");
    await database.close();
  });
});
