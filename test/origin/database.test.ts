import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { openDatabase } from "../../src/origin/database.js";
import { InvalidDatabaseUrlError } from "../../src/origin/errors.js";
import { migrate } from "../../src/origin/migrate.js";
import { seedItems, seedMenu } from "../../src/origin/seed-menu.js";
import { databaseKinds, freshDatabase } from "../support/database.js";

for (const kind of databaseKinds) {
  describe(`a ${kind} database`, async () => {
    const fresh = await freshDatabase({ kind });
    const { database, statements } = fresh;
    afterAll(() => fresh[Symbol.asyncDispose]());

    test("hands out the same JavaScript types as any other", async () => {
      const [row] = await database.query<Record<string, unknown>>(`
        SELECT 1::int8 AS int8, 2 AS int4, true AS bool, NULL AS nothing, 1.50::numeric AS numeric,
               timestamptz '2015-01-31 12:30:00.123+00' AS instant, date '2015-01-31' AS day,
               ARRAY['plain', 'a,b', '"quoted"', 'ë'] AS texts, count(*) AS count, '{"a": 1}'::jsonb AS json
      `);
      expect(row).toStrictEqual({
        int8: 1n,
        int4: 2,
        bool: true,
        nothing: null,
        numeric: "1.50",
        instant: new Date("2015-01-31T12:30:00.123Z"),
        day: "2015-01-31",
        texts: ["plain", "a,b", '"quoted"', "ë"],
        count: 1n,
        json: { a: 1 },
      });
    });

    test("takes bigints, Dates, nulls and arrays as parameters", async () => {
      const texts = ["a,b", '"quoted"', "back\\slash", "{}", ""];
      const [row] = await database.query<Record<string, unknown>>(
        "SELECT $1::int8 AS big, $2::timestamptz AS instant, $3::text AS nothing, $4::text[] AS texts, (SELECT sum(b)::int8 FROM unnest($5::int8[]) AS b) AS sum",
        [9_007_199_254_740_993n, new Date(1_422_707_400_123), null, texts, [1n, 2n]],
      );
      expect(row).toStrictEqual({
        big: 9_007_199_254_740_993n,
        instant: new Date(1_422_707_400_123),
        nothing: null,
        texts,
        sum: 3n,
      });
    });

    const insert =
      "INSERT INTO customers (name, email, password_hash, role) VALUES ('Ada', $1, $2, $3)";
    test.each([
      ["is taken", insert, ["ada@example.org", "", "customer"], { code: "23505" }],
      [
        "stands beside one that is missing",
        insert,
        ["", "ada@example.org", null],
        { code: "23502" },
      ],
      [
        "is of another type",
        "SELECT $1::bigint",
        ['"ada@example.org"\nor $&'],
        { code: "22P02", message: 'invalid input syntax for type bigint: "…"' },
      ],
    ])("never tells a value that %s in an error", async (_what, sql, params, told) => {
      await database.query(`${insert} ON CONFLICT DO NOTHING`, ["ada@example.org", "", "customer"]);
      const attempts = [
        () => database.query(sql, params),
        () => database.transaction((tx) => tx.query(sql, params)),
        () => database.withConnection((connection) => connection.query(sql, [...params])),
      ];
      for (const attempt of attempts) {
        const error = await attempt().then(
          () => undefined,
          (thrown: Error) => thrown,
        );
        expect(error).toMatchObject(told);
        const all = Object.entries(Object.getOwnPropertyDescriptors(error));
        expect(inspect(all, { depth: 5 })).not.toContain("ada@example");
      }
    });

    test("keeps what a transaction did, and nothing of one that throws", async () => {
      const add = (name: string, fail: boolean) =>
        database.transaction(async (tx) => {
          await tx.query("INSERT INTO ingredients (name, stock) VALUES ($1, 1)", [name]);
          if (fail) throw new Error("changed my mind");
          return name;
        });
      expect(await add("Saffron", false)).toBe("Saffron");
      await expect(add("Truffle", true)).rejects.toThrow("changed my mind");
      const rows = await database.query(
        "SELECT name FROM ingredients WHERE name IN ('Saffron', 'Truffle')",
      );
      expect(rows).toStrictEqual([{ name: "Saffron" }]);
    });

    test("answers again after a statement it refused, inside a transaction or not", async () => {
      await expect(database.query("SELECT nonsense")).rejects.toThrow("nonsense");
      await expect(database.transaction((tx) => tx.query("SELECT nonsense"))).rejects.toThrow(
        "nonsense",
      );
      await expect(database.ping()).resolves.toBeUndefined();
    });

    test("tells of every statement", async () => {
      statements.length = 0;
      await database.query("SELECT 1");
      await database.transaction((tx) => tx.query("SELECT 2"));
      expect(statements).toStrictEqual(["SELECT 1", "BEGIN", "SELECT 2", "COMMIT"]);
    });

    test("migrates and seeds again without a change", async () => {
      await migrate(database);
      await seedMenu(database);
      const [counts] = await database.query(`
        SELECT (SELECT count(*)::int FROM menu_items) AS items, (SELECT count(*)::int FROM menu_item_sizes) AS sizes
      `);
      expect(counts).toStrictEqual({ items: seedItems.length, sizes: seedItems.length * 3 });
    });
  });
}

test("an embedded database in memory starts empty and takes migrations", async () => {
  const database = await openDatabase({ url: "memory:" });
  await migrate(database);
  expect(await database.query("SELECT * FROM menu_items")).toStrictEqual([]);
  await database.close();
});

test.each(["mysql://root:hunter2@localhost/x", "hunter2", ""])(
  "the URL %o is refused without repeating it",
  async (url) => {
    const refusal = openDatabase({ url });
    await expect(refusal).rejects.toThrow(InvalidDatabaseUrlError);
    await expect(refusal).rejects.toThrow(/DATABASE_URL must/);
    await expect(refusal).rejects.not.toThrow(/hunter2/);
  },
);
