import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createPostgresOutbox,
  type PostgresOutbox,
  type SqlClient,
} from "../../src/outbox/index.js";
import { findPostgres, type PostgresServer, startPostgres } from "../support/postgres-server.js";
import { createReceivingCache, type ReceivingCache } from "./support/receiving-cache.js";
import { type ConcurrentSql, type OpenTransaction, openPg } from "./support/sql.js";

/** What happens, to one of three transactions or one of three processes. */
type Step =
  | { do: "record"; transaction: number }
  | { do: "commit" | "rollback"; transaction: number }
  | { do: "start" | "kill" | "lose" | "regain" | "drain"; process: number }
  | { do: "pass time"; ms: number };

const which = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("record" as const), transaction: which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("commit" as const, "rollback" as const),
      transaction: which,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("start", "kill", "lose", "regain", "drain") as fc.Arbitrary<
        "start" | "kill" | "lose" | "regain" | "drain"
      >,
      process: which,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass time" as const), ms: fc.nat(8) }) },
);

describe.skipIf(findPostgres() === undefined)("Whatever happens in whichever order", () => {
  let server: PostgresServer;
  let sql: ConcurrentSql;
  let tables = 0;
  beforeAll(async () => {
    server = await startPostgres();
    sql = await openPg(server);
  });
  afterAll(async () => {
    await sql[Symbol.asyncDispose]();
    await server.stop();
  });

  it("what is committed is delivered, what is rolled back is not", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(property(), { numRuns: 40 });
  });

  it("would be noticed to fail if rows went before they are delivered", {
    timeout: 120_000,
  }, async () => {
    const { failed } = await fc.check(property({ isForgetful: true }), {
      numRuns: 200,
      endOnFailure: true,
    });
    expect(failed).toBe(true);
  });

  function property(how = { isForgetful: false }) {
    return fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 50 }), async (steps) => {
      const { committed, rolledBack, delivered, left } = await play(steps, how);
      expect(committed.filter((tag) => !delivered.has(tag))).toEqual([]);
      expect(rolledBack.filter((tag) => delivered.has(tag))).toEqual([]);
      expect(left).toBe(0);
    });
  }

  async function play(steps: readonly Step[], { isForgetful }: { isForgetful: boolean }) {
    const table = `evictions_${++tables}`;
    const processes: Process[] = [];
    const transactions: ({ open: OpenTransaction; tags: string[] } | undefined)[] = [];
    const all: Process[] = [];
    const committed: string[] = [];
    const rolledBack: string[] = [];
    let recorded = 0;

    function spawn(): Process {
      const made = createProcess(sql.client, table, isForgetful);
      all.push(made);
      return made;
    }
    const last = spawn();
    await last.outbox.migrate();

    async function end(index: number, how: "commit" | "rollback") {
      const transaction = transactions[index];
      transactions[index] = undefined;
      await transaction?.open[how]();
      (how === "commit" ? committed : rolledBack).push(...(transaction?.tags ?? []));
    }

    for (const one of steps) {
      if (one.do === "pass time") {
        await new Promise((resolve) => setTimeout(resolve, one.ms));
      } else if (one.do === "record") {
        transactions[one.transaction] ??= { open: await sql.begin(), tags: [] };
        const { open, tags } = transactions[one.transaction]!;
        const tag = `tag ${++recorded}`;
        await last.outbox.record(open.client, [tag]);
        tags.push(tag);
      } else if ("transaction" in one) {
        await end(one.transaction, one.do);
      } else {
        processes[one.process] ??= spawn();
        const { outbox, receiving } = processes[one.process]!;
        if (one.do === "start") outbox.start();
        if (one.do === "lose") receiving.isAway = true;
        if (one.do === "regain") receiving.comeBack();
        if (one.do === "drain") await outbox.drain({ withinSeconds: 0.001 }).catch(() => {});
        if (one.do === "kill") {
          processes[one.process]!.kill();
          processes[one.process] = undefined as unknown as Process;
        }
      }
    }
    for (const index of transactions.keys()) await end(index, "commit");
    for (const one of processes) one?.kill();
    await last.outbox.drain();
    const { rows } = await sql.client.query(`SELECT count(*)::int AS n FROM ${table}`, []);
    last.kill();
    return {
      committed,
      rolledBack,
      delivered: new Set(all.flatMap(({ receiving }) => receiving.delivered)),
      left: (rows[0] as { n: number }).n,
    };
  }
});

interface Process {
  readonly outbox: PostgresOutbox;
  readonly receiving: ReceivingCache;
  /** From now on it does nothing, and nothing that it asked is answered. */
  kill(): void;
}

function createProcess(client: SqlClient, table: string, isForgetful: boolean): Process {
  const receiving = createReceivingCache();
  let isDead = false;
  const unlessDead = async <T>(run: () => Promise<T>): Promise<T> => {
    if (isDead) return new Promise<T>(() => {});
    const result = await run();
    return isDead ? new Promise<T>(() => {}) : result;
  };
  // It takes its time, so that it may be killed in the middle.
  receiving.before = () => unlessDead(() => new Promise((resolve) => setTimeout(resolve, 1)));
  const { cache } = receiving;
  const outbox = createPostgresOutbox({
    client: { query: (text, values) => unlessDead(() => client.query(text, values)) },
    cache: isForgetful
      ? {
          ...cache,
          evictTags: async (tags) => ({ ...(await cache.evictTags(tags)), delivered: true }),
        }
      : cache,
    table,
    batchRows: 2,
    pollSeconds: 0.002,
    claimSeconds: 0.01,
    timeoutSeconds: 0.5,
  });
  return {
    outbox,
    receiving,
    kill() {
      isDead = true;
      void outbox.close();
    },
  };
}
