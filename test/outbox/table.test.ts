import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { outboxTableSql } from "../../src/outbox/index.js";
import { channelOf } from "../../src/outbox/table.js";

it("gives the table that the pizzeria's migration makes", async () => {
  const file = new URL("../../src/origin/migrations/0004_cache_evictions.sql", import.meta.url);
  expect(await readFile(file, "utf8")).toContain(`${outboxTableSql()};\n`);
});

it("is told of on a channel of its own whose name PostgreSQL takes, however long the table's is", () => {
  const schema = "application_production_infrastructure";
  const channels = ["orders", "customers"].map((of) =>
    channelOf(`${schema}.evictions_of_the_${of}_service`),
  );
  for (const channel of channels) expect(channel).toMatch(/^[a-z0-9_.]{1,63}$/);
  expect(new Set(channels).size).toBe(2);
  expect(channelOf("app.cache_evictions")).toBe("app.cache_evictions");
});
