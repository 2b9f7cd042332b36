import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPostgresOutbox, type OutboxEvent } from "../../src/outbox/index.js";
import { findPostgres, type PostgresServer, startPostgres } from "../support/postgres-server.js";
import { testOutbox } from "./outbox-conformance.js";
import { createReceivingCache } from "./support/receiving-cache.js";
import { openPg, openPglite, type Sql } from "./support/sql.js";

testOutbox("on PGlite", openPglite);

let server: PostgresServer;

const access = ({ client, listen }: Sql) => ({ client, listen });

describe.skipIf(findPostgres() === undefined)("On a PostgreSQL server", () => {
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  testOutbox("on pg", () => openPg(server));

  it("delivers a row of a transaction that commits late, when younger ones are long delivered", async () => {
    await using sql = await openPg(server);
    const here = createReceivingCache();
    const outbox = createPostgresOutbox({ ...access(sql), cache: here.cache, pollSeconds: 3600 });
    await outbox.migrate();
    outbox.start();
    const late = await sql.begin();
    await outbox.record(late.client, ["late"]);
    await sql.transaction((client) => outbox.record(client, ["early"]));
    await expect.poll(() => here.delivered).toEqual(["early"]);
    await outbox.drain();
    expect(here.delivered).toEqual(["early"]);
    await late.commit();
    await expect.poll(() => here.delivered).toEqual(["early", "late"]);
    await outbox.close();
  });

  it("does not wait for a relay that is just claiming", async () => {
    await using sql = await openPg(server);
    const here = createReceivingCache();
    const outbox = createPostgresOutbox({ ...access(sql), cache: here.cache, pollSeconds: 0.05 });
    await outbox.migrate();
    await outbox.record(sql.pool, ["first"]);
    await outbox.record(sql.pool, ["second"]);
    const claiming = await sql.begin();
    await claiming.client.query(
      "SELECT id FROM cache_evictions ORDER BY id LIMIT 1 FOR UPDATE",
      [],
    );
    outbox.start();
    await expect.poll(() => here.delivered).toEqual(["second"]);
    await claiming.rollback();
    await expect.poll(() => here.delivered).toEqual(["second", "first"]);
    await outbox.close();
  });

  it("goes on when the server was away, and listens again", { timeout: 60_000 }, async () => {
    await using crashing = await startPostgres();
    await using sql = await openPg(crashing);
    const here = createReceivingCache();
    const events: OutboxEvent[] = [];
    const outbox = createPostgresOutbox({
      ...access(sql),
      cache: here.cache,
      pollSeconds: 0.2,
      onEvent: (event) => events.push(event),
    });
    await outbox.migrate();
    outbox.start();
    await outbox.record(sql.pool, ["before"]);
    await expect.poll(() => here.delivered).toEqual(["before"]);
    await crashing.kill();
    await expect.poll(() => events.map(({ type }) => type)).toContain("error");
    await crashing.restart();
    await outbox.record(sql.pool, ["after"]);
    await expect.poll(() => here.delivered, { timeout: 10_000 }).toEqual(["before", "after"]);
    await expect
      .poll(
        async () => {
          const { rows } = await sql.pool.query(
            `SELECT FROM pg_stat_activity WHERE query = 'LISTEN "cache_evictions"'`,
          );
          return rows.length;
        },
        { timeout: 10_000 },
      )
      .toBe(1);
    await outbox.close();
  });

  it("ends its listening connection when it is closed", async () => {
    await using sql = await openPg(server);
    const outbox = createPostgresOutbox({ ...access(sql), cache: createReceivingCache().cache });
    await outbox.migrate();
    const listeners = async () =>
      (await sql.pool.query(`SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN %'`)).rows
        .length;
    outbox.start();
    await expect.poll(listeners).toBe(1);
    await outbox.close();
    await expect.poll(listeners).toBe(0);
  });

  it("is closed in time though its listening is never answered", async () => {
    const outbox = createPostgresOutbox({
      client: { query: async () => ({ rows: [] }) },
      cache: createReceivingCache().cache,
      listen: () => new Promise(() => {}),
      timeoutSeconds: 1,
    });
    outbox.start();
    await outbox.close();
  });

  it("keeps its table where it is told, in any schema", async () => {
    await using sql = await openPg(server);
    await sql.pool.query('CREATE SCHEMA "Pizza"');
    const here = createReceivingCache();
    const outbox = createPostgresOutbox({
      ...access(sql),
      cache: here.cache,
      table: "Pizza.Evictions",
      pollSeconds: 3600,
    });
    await outbox.migrate();
    outbox.start();
    await outbox.record(sql.pool, ["menu"]);
    await expect.poll(() => here.delivered).toEqual(["menu"]);
    expect(await outbox.health()).toMatchObject({ status: "ok" });
    await outbox.close();
  });
});
