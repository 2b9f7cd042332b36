import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { outboxTableSql } from "../../src/outbox/index.js";

it("gives the table that the pizzeria's migration makes", async () => {
  const file = new URL("../../src/origin/migrations/0004_cache_evictions.sql", import.meta.url);
  expect(await readFile(file, "utf8")).toContain(`${outboxTableSql()};\n`);
});
