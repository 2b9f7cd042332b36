import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createPostgresOutbox,
  OutboxClosedError,
  OutboxDatabaseError,
  type OutboxEvent,
  type PostgresOutbox,
  type PostgresOutboxOptions,
  type SqlClient,
  UndeliveredError,
  UnreadableRowError,
} from "../../src/outbox/index.js";
import { createGate } from "../support/gate.js";
import { createReceivingCache, type ReceivingCache } from "./support/receiving-cache.js";
import type { Sql } from "./support/sql.js";

/** What an outbox promises, whichever driver it asks. */
export function testOutbox(name: string, open: () => Promise<Sql>): void {
  describe(`An outbox ${name}`, () => {
    let sql: Sql;
    let here: ReceivingCache;
    let events: OutboxEvent[];
    const opened: PostgresOutbox[] = [];
    let tables = 0;
    let table: string;

    beforeAll(async () => {
      sql = await open();
    });
    afterAll(() => sql[Symbol.asyncDispose]());
    beforeEach(async () => {
      table = `Outbox_${++tables}`;
      here = createReceivingCache();
      events = [];
      await createOutbox().migrate();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((outbox) => outbox.close()));
    });

    /** A process's own. It polls so seldom that only notifications wake it in time, unless `options` say otherwise. */
    function createOutbox(
      options: Partial<PostgresOutboxOptions> = {},
      { cache }: ReceivingCache = here,
    ): PostgresOutbox {
      const outbox = createPostgresOutbox({
        client: sql.client,
        cache,
        table,
        pollSeconds: 3600,
        onEvent: (event) => events.push(event),
        ...options,
      });
      opened.push(outbox);
      return outbox;
    }

    const record = (...tags: string[]) =>
      sql.transaction((client) => createOutbox().record(client, tags));
    const types = () => events.map(({ type }) => type);
    async function rows(): Promise<number> {
      const { rows } = await sql.client.query(`SELECT count(*)::int AS n FROM "${table}"`, []);
      return (rows[0] as { n: number }).n;
    }
    const isEmpty = () => expect.poll(rows, { timeout: 10_000 }).toBe(0);

    describe("records", () => {
      it("in the caller's transaction: what is rolled back was never recorded", async () => {
        const outbox = createOutbox();
        await outbox.drain();
        const lost = sql.transaction(async (client) => {
          await outbox.record(client, ["lost"]);
          throw new Error("changed my mind");
        });
        await expect(lost).rejects.toThrow("changed my mind");
        await record("kept", "as well");
        await outbox.drain();
        expect(here.delivered).toEqual(["kept", "as well"]);
        expect(await rows()).toBe(0);
      });

      it("one row a call, and none for no tags", async () => {
        await record("a", "b", "a");
        await record();
        expect(await rows()).toBe(1);
        await createOutbox().drain();
        expect(here.delivered).toEqual(["a", "b"]);
      });

      it("tags as they are, whatever they hold", async () => {
        const tags = [
          `'); DROP TABLE "${table}"; --`,
          `$1 ' " \\ {} [] "]`,
          "nul\0nul",
          "\u2028 ë 🍕",
          "x".repeat(1024),
          "%",
        ];
        await record(...tags);
        await createOutbox().drain();
        expect(here.delivered).toEqual(tags);
      });

      it.each<[string, unknown]>([
        ["no array", "menu"],
        ["an empty tag", [""]],
        ["a lone surrogate", ["\ud800"]],
        ["a tag too long", ["x".repeat(1025)]],
        ["too many", Array.from({ length: 1001 }, (_, n) => `${n}`)],
      ])("nothing of %s", async (_what, tags) => {
        const refused = createOutbox().record(sql.client, tags as string[]);
        await expect(refused).rejects.toMatchObject({ code: "E_INVALID_OPTION" });
        expect(await rows()).toBe(0);
      });
    });

    describe("delivers", () => {
      it("as soon as it hears of a commit, in the order of recording", async () => {
        const outbox = createOutbox({ listen: sql.listen });
        outbox.start();
        for (let n = 1; n <= 5; n += 1) await record(`${n}`);
        await isEmpty();
        expect(here.delivered).toEqual(["1", "2", "3", "4", "5"]);
        expect(outbox.stats()).toEqual({ delivered: 5, undelivered: 0, errors: 0 });
        const told = events.flatMap((event) => (event.type === "delivered" ? event.tags : []));
        expect(told).toEqual(here.delivered);
      });

      it("by its poll where nobody tells it", async () => {
        createOutbox({ pollSeconds: 0.05 }).start();
        await createOutbox({ notify: false }).record(sql.client, ["menu"]);
        await isEmpty();
        expect(here.delivered).toEqual(["menu"]);
      });

      it("in bounded batches, until nothing is left", async () => {
        for (let n = 0; n < 10; n += 1) await record(`${n}`, "all");
        createOutbox({ batchRows: 4 }).start();
        await isEmpty();
        expect(here.calls).toEqual([
          ["0", "all", "1", "2", "3"],
          ["4", "all", "5", "6", "7"],
          ["8", "all", "9"],
        ]);
      });

      it("what a relay that died was delivering, once its claim has ended", async () => {
        await record("menu");
        const dying = createReceivingCache();
        const gate = createGate();
        dying.before = () => gate.pass();
        createOutbox({ claimSeconds: 0.3 }, dying).start();
        await gate.arrived;
        createOutbox({ pollSeconds: 0.05 }).start();
        await isEmpty();
        expect(here.delivered).toEqual(["menu"]);
        gate.open();
      });

      it("what a relay that died was delivering when the database's clock was set back", async () => {
        await record("menu");
        await sql.client.query(
          `UPDATE "${table}" SET claimed_until = clock_timestamp() + interval '1 hour'`,
          [],
        );
        createOutbox().start();
        await isEmpty();
        expect(here.delivered).toEqual(["menu"]);
      });

      it("what another relay has hold of never twice while that lives", async () => {
        for (let n = 0; n < 40; n += 1) await record(`${n}`);
        const there = createReceivingCache();
        here.before = there.before = () => new Promise((resolve) => setTimeout(resolve, 2));
        const options = { batchRows: 3, pollSeconds: 0.02, claimSeconds: 60 };
        for (const cache of [here, there]) createOutbox(options, cache).start();
        await isEmpty();
        const all = [...here.delivered, ...there.delivered].map(Number).sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: 40 }, (_, n) => n));
        expect(here.delivered.length).toBeGreaterThan(0);
        expect(there.delivered.length).toBeGreaterThan(0);
      });

      it("a row that it cannot read by evicting everything, and says so", async () => {
        await sql.client.query(`INSERT INTO "${table}" (tags) VALUES ($1), ($2)`, [
          '{"of":"another version"}',
          '["menu"]',
        ]);
        createOutbox().start();
        await isEmpty();
        expect(here.calls).toEqual([["*"], ["outbox:unreadable"], ["menu"]]);
        expect(events[0]).toMatchObject({ type: "error", error: expect.any(UnreadableRowError) });
      });
    });

    describe("while the store is away", () => {
      it("keeps every row, binds this process by each of them, and delivers on its return", async () => {
        here.isAway = true;
        for (let n = 0; n < 7; n += 1) await record(`${n}`);
        const outbox = createOutbox({ batchRows: 2, listen: sql.listen });
        outbox.start();
        await expect.poll(() => here.handed.size).toBe(7);
        await record("later");
        await expect.poll(() => here.handed.size, { timeout: 10_000 }).toBe(8);
        expect(await rows()).toBe(8);
        expect(here.delivered).toEqual([]);
        expect(await outbox.health()).toMatchObject({
          status: "degraded",
          pending: 8,
          problems: [expect.stringContaining("out of reach")],
        });
        here.comeBack();
        await isEmpty();
        expect(new Set(here.delivered)).toEqual(here.handed);
        expect(types().filter((type) => type !== "delivered")).toEqual(["undelivered", "recovery"]);
        expect(await outbox.health()).toEqual({
          status: "ok",
          pending: 0,
          oldestSeconds: null,
          problems: [],
        });
      });

      it("leaves its rows to a process that reaches it", async () => {
        here.isAway = true;
        await record("menu");
        createOutbox({ pollSeconds: 0.05, claimSeconds: 60 }).start();
        await expect.poll(types).toEqual(["undelivered"]);
        const there = createReceivingCache();
        createOutbox({ pollSeconds: 0.05 }, there).start();
        await isEmpty();
        expect(there.delivered).toEqual(["menu"]);
      });

      it("takes an eviction that throws, or never ends, for one that was not delivered", async () => {
        await record("menu");
        let failure: () => Promise<void> = async () => {
          throw new Error("no such thing");
        };
        here.before = () => failure();
        createOutbox({ timeoutSeconds: 0.5 }).start();
        await expect.poll(types).toEqual(["error"]);
        expect(events[0]).toMatchObject({
          error: {
            code: "E_OUTBOX_UNDELIVERED",
            message: expect.stringContaining("no such thing"),
          },
        });
        failure = () => new Promise(() => {});
        await expect.poll(() => here.calls.length, { timeout: 10_000 }).toBeGreaterThan(5);
        expect(await rows()).toBe(1);
        failure = async () => {};
        await isEmpty();
      });
    });

    describe("drained", () => {
      it("resolves at once when nothing is left", async () => {
        await createOutbox().drain();
        expect(here.calls).toEqual([]);
      });

      it("has delivered what is left, whoever has hold of it", async () => {
        for (let n = 0; n < 5; n += 1) await record(`${n}`);
        const dead = createReceivingCache();
        const gate = createGate();
        dead.before = () => gate.pass();
        createOutbox({ claimSeconds: 3600 }, dead).start();
        await gate.arrived;
        await createOutbox({ batchRows: 2 }).drain();
        expect(here.delivered).toEqual(["0", "1", "2", "3", "4"]);
        expect(await rows()).toBe(0);
        gate.open();
      });

      it("does not wait for what is recorded after the call", async () => {
        await record("first");
        const outbox = createOutbox();
        // Each delivery records more than it takes away.
        here.before = async () => {
          if (here.calls.length < 50) await record("one", "more");
        };
        await outbox.drain();
        expect(here.delivered).toEqual(["first"]);
      });

      it("waits for the store to come back", async () => {
        here.isAway = true;
        await record("menu");
        const drained = createOutbox().drain();
        await expect.poll(types).toEqual(["undelivered"]);
        here.comeBack();
        await drained;
        expect(await rows()).toBe(0);
        expect(here.listeners).toBe(0);
      });

      it("tells that it is over what kept it, and is well again, also where no relay runs", async () => {
        here.isAway = true;
        await record("menu");
        const outbox = createOutbox();
        const drained = outbox.drain();
        await expect.poll(types).toEqual(["undelivered"]);
        here.comeBack();
        await drained;
        expect(types()).toEqual(["undelivered", "delivered", "recovery"]);
        expect(await outbox.health()).toMatchObject({ status: "ok", problems: [] });
      });

      it("gives up in time, when the cache was handed all there is", async () => {
        here.isAway = true;
        for (let n = 0; n < 5; n += 1) await record(`${n}`);
        const drained = createOutbox({ batchRows: 2 }).drain({ withinSeconds: 0.05 });
        await expect(drained).rejects.toThrow(UndeliveredError);
        expect(here.handed.size).toBe(5);
        expect(await rows()).toBe(5);
      });

      it("rejects when it is closed meanwhile", async () => {
        here.isAway = true;
        await record("menu");
        const outbox = createOutbox();
        const drained = outbox.drain();
        await expect.poll(types).toEqual(["undelivered"]);
        await outbox.close();
        await expect(drained).rejects.toThrow(OutboxClosedError);
      });
    });

    describe("when the database fails", () => {
      it("tells of it once, and goes on when it is well", async () => {
        const rename = (from: string, to: string) =>
          sql.client.query(`ALTER TABLE "${from}" RENAME TO "${to}"`, []);
        const outbox = createOutbox({ pollSeconds: 0.05 });
        await rename(table, "gone");
        outbox.start();
        await expect.poll(() => outbox.stats().errors).toBeGreaterThan(1);
        expect(types()).toEqual(["error"]);
        expect(events[0]).toMatchObject({ error: expect.any(OutboxDatabaseError) });
        expect(await outbox.health()).toMatchObject({ status: "degraded", pending: null });
        await expect(outbox.drain({ withinSeconds: 0.05 })).rejects.toThrow(OutboxDatabaseError);
        await rename("gone", table);
        await record("menu");
        await isEmpty();
        expect(types()).toContain("recovery");
      });

      it("delivers again what it could not forget", async () => {
        let failures = 0;
        const client = {
          query: async (text: string, values: unknown[]) => {
            if (text.startsWith("DELETE") && failures++ === 0) throw new Error("cut off");
            return sql.client.query(text, values);
          },
        };
        await record("menu");
        createOutbox({ client, pollSeconds: 0.05, claimSeconds: 0.1 }).start();
        await isEmpty();
        expect(here.delivered).toEqual(["menu", "menu"]);
      });
    });

    describe("closed", () => {
      it("has ended the batch it was delivering, and takes no more", async () => {
        await record("menu");
        const gate = createGate();
        here.before = () => gate.pass();
        const outbox = createOutbox();
        outbox.start();
        await gate.arrived;
        const closed = outbox.close();
        gate.open();
        await closed;
        expect(await rows()).toBe(0);
        await record("later");
        expect(here.delivered).toEqual(["menu"]);
        expect(() => outbox.start()).toThrow(OutboxClosedError);
        await expect(outbox.drain()).rejects.toThrow(OutboxClosedError);
      });

      it("goes through no more of what waits while the store is away", async () => {
        for (let n = 0; n < 20; n += 1) await record(`${n}`);
        here.isAway = true;
        const gate = createGate();
        here.before = async () => {
          // The first is of the batch that it claimed, the second of those that it binds this process by.
          if (here.calls.length > 1) await gate.pass();
        };
        let asked = 0;
        const client: SqlClient = {
          query(text, values) {
            asked += 1;
            return sql.client.query(text, values);
          },
        };
        const outbox = createOutbox({ client, batchRows: 1 });
        outbox.start();
        await gate.arrived;
        asked = 0;
        const closed = outbox.close();
        gate.open();
        await closed;
        expect(asked).toBe(0);
        expect(here.handed.size).toBe(2);
        expect(await rows()).toBe(20);
      });

      it("lets a drain end its batch, and then reject", async () => {
        for (let n = 0; n < 5; n += 1) await record(`${n}`);
        const gate = createGate();
        here.before = () => gate.pass();
        const outbox = createOutbox({ batchRows: 2 });
        const drained = outbox.drain();
        await gate.arrived;
        await outbox.close();
        gate.open();
        await expect(drained).rejects.toThrow(OutboxClosedError);
        expect(here.delivered).toEqual(["0", "1"]);
        expect(await rows()).toBe(3);
      });
    });

    it("makes its table once, however many make it at the same time", async () => {
      table = `Outbox_${++tables}`;
      await Promise.all(Array.from({ length: 5 }, () => createOutbox().migrate()));
      expect(await rows()).toBe(0);
    });

    it("says how long the oldest row has waited", async () => {
      await record("menu");
      await sql.client.query(`UPDATE "${table}" SET recorded_at = now() - interval '1 hour'`, []);
      const health = await createOutbox().health();
      expect(health).toMatchObject({ status: "degraded", pending: 1 });
      expect(health.oldestSeconds).toBeCloseTo(3600, -2);
      expect(health.problems[0]).toMatch(/^1 recorded evictions wait .* 36\d\d s\.$/);
    });
  });
}
