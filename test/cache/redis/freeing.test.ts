import { afterEach, describe, expect, test } from "vitest";
import { StoreUnavailableError } from "../../../src/cache/errors.js";
import { type Command, type Connection, evaluate } from "../../../src/cache/redis/connection.js";
import { readEvaluation } from "../../../src/cache/redis/evaluate.js";
import { createFreeing } from "../../../src/cache/redis/freeing.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { writeBody, writePosition } from "../../../src/cache/redis/record.js";
import { scripts } from "../../../src/cache/redis/scripts.js";
import { createGate } from "../../support/gate.js";
import { testConnection } from "../../support/test-connection.js";

const LIFE_MS = 3_600_000;
const keys = createKeys("c:");
const pending = keys.pending("menu");
const indexOf = (nonce: string) => keys.indexBase("menu") + nonce;

const { redis, connection } = await testConnection();

afterEach(() => redis.flushall());

/** Entries loaded and filed under one version of the tag "menu", which an eviction then moved to be freed. */
async function evictedEntries(count: number, nonce: string): Promise<string[]> {
  const names = Array.from({ length: count }, (_, id) => `entry-${id}`);
  const position = writePosition({ epoch: 1, n: 1 });
  const body = bodyUnder(nonce);
  await connection.send("set", keys.tag("menu"), `${nonce}c`, "PX", LIFE_MS);
  await connection.sendAll(
    names.flatMap((name) => [
      evaluate(scripts.takeLease, [keys.entry(name)], "token-01", LIFE_MS, position, "*", 0),
      evaluate(
        scripts.commitEntry,
        [keys.entry(name)],
        "token-01",
        body,
        LIFE_MS,
        keys.wake(name),
        0,
        position,
      ),
      evaluate(
        scripts.fileEntry,
        [keys.tag("menu"), indexOf(nonce)],
        nonce,
        name,
        LIFE_MS,
        128,
        Number.MAX_SAFE_INTEGER,
        0,
      ),
    ]),
  );
  const [members] = (await connection.send(
    ...evaluate(
      scripts.evictTag,
      [keys.tag("menu"), keys.indexBase("menu"), pending],
      "evicted0",
      1_000,
      keys.evictions,
      "menu",
      "00000001:2",
    ),
  )) as [number];
  expect(members).toBe(count);
  return names;
}

function bodyUnder(nonce: string): Buffer {
  return writeBody({
    ttlMs: LIFE_MS,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    loadMs: 1,
    tags: ["menu"],
    nonces: [nonce],
    format: 1,
    value: Buffer.from("value"),
  });
}

/** The same connection, with a look at what goes through it. */
function watched(onSend: (commands: readonly Command[]) => unknown): Connection {
  return {
    ...connection,
    async sendAll(commands) {
      await onSend(commands);
      return connection.sendAll(commands);
    },
    async send(...command) {
      await onSend([command]);
      return connection.send(...command);
    },
  };
}

/** How many entries each command of them looks at that frees any. */
function entriesIn(command: Command): number[] {
  const evaluation = readEvaluation(command);
  return evaluation?.name === "freeEntries" ? [evaluation.keys.length] : [];
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

async function freed(freeing: ReturnType<typeof createFreeing>, nonce: string): Promise<void> {
  freeing.free(indexOf(nonce), pending);
  // What frees in the background has ended when nothing waits to be freed any more.
  await expect.poll(() => redis.exists(pending), { timeout: 15_000, interval: 5 }).toBe(0);
  await freeing.close();
}

describe("freeing a generation", () => {
  test("of 10,000 entries leaves nothing of them, a hundred a batch and twenty a command", async () => {
    await evictedEntries(10_000, "nonce-01");
    const batches: number[][] = [];
    await freed(
      createFreeing(
        watched((commands) => batches.push(commands.flatMap(entriesIn))),
        keys,
      ),
      "nonce-01",
    );
    // The version that the eviction made lives for a second, and may have gone as well.
    const others = (await redis.keys("*")).filter((name) => name !== keys.tag("menu"));
    expect(others).toEqual([]);
    expect(Math.max(...batches.flat())).toBe(20);
    expect(Math.max(...batches.map(total))).toBe(100);
    expect(total(batches.flat())).toBe(10_000);
  });

  test("of many tags takes some at a time, or the evictions that follow would wait for all of it", async () => {
    const indexes = Array.from({ length: 100 }, (_, id) => indexOf(`nonce-${id + 10}`));
    await redis.rpush(pending, ...indexes);
    const gate = createGate();
    const freeing = createFreeing(
      watched(([command]) => command?.[0] === "sscan" && gate.pass()),
      keys,
    );
    for (const index of indexes) freeing.free(index, pending);
    await gate.arrivedTimes(16);
    await connection.send("ping");
    expect(gate.arrivals).toBe(16);
    gate.open();
    await expect.poll(() => redis.exists(pending), { interval: 5 }).toBe(0);
    expect(gate.arrivals).toBe(100);
    await freeing.close();
  });

  test("spares leases, and entries that newer versions were filled under (pitfall 16)", async () => {
    const [leased, newer] = (await evictedEntries(5, "nonce-01")) as [string, string];
    const position = writePosition({ epoch: 1, n: 2 });
    for (const name of [leased, newer]) {
      await connection.send(
        ...evaluate(scripts.takeLease, [keys.entry(name)], "token-02", LIFE_MS, position, "*", 0),
      );
    }
    await connection.send(
      ...evaluate(
        scripts.commitEntry,
        [keys.entry(newer)],
        "token-02",
        bodyUnder("nonce-02"),
        LIFE_MS,
        keys.wake(newer),
        0,
        position,
      ),
    );
    await freed(createFreeing(connection, keys), "nonce-01");
    expect((await redis.keys("c:v:*")).sort()).toEqual([keys.entry(leased), keys.entry(newer)]);
  });

  test("by two processes at once frees it once", async () => {
    await evictedEntries(1_000, "nonce-01");
    const both = [createFreeing(connection, keys), createFreeing(connection, keys)];
    await Promise.all(both.map((freeing) => freed(freeing, "nonce-01")));
    expect(await redis.keys("c:v:*")).toEqual([]);
  });

  test("of a cluster keeps naming what lies on a node that is lost", async () => {
    await evictedEntries(5, "nonce-01");
    let frees = 0;
    const losing: Connection = {
      ...connection,
      isCluster: true,
      sendAll: async (commands) => {
        const replies = commands.map((command) => {
          if (!readEvaluation(command)) return connection.send(...command);
          frees += 1;
          return new StoreUnavailableError("The node is lost.");
        });
        return Promise.all(replies);
      },
    };
    const freeing = createFreeing(losing, keys);
    freeing.free(indexOf("nonce-01"), pending);
    await expect.poll(() => frees, { interval: 5 }).toBe(5);
    await connection.send("ping");
    await freeing.close();
    expect(await redis.scard(indexOf("nonce-01"))).toBe(5);
    expect(await redis.llen(pending)).toBe(1);
  });

  test("whose index expired meanwhile takes it off the list", async () => {
    await evictedEntries(3, "nonce-01");
    await redis.del(indexOf("nonce-01"));
    await freed(createFreeing(connection, keys), "nonce-01");
  });
});

describe("a freeing that a process leaves halfway", () => {
  /** Dies after so many batches: nothing it sends from then on arrives. */
  async function interruptedAfter(batches: number): Promise<void> {
    const gate = createGate();
    let sent = 0;
    const dying = watched((commands) => {
      if (commands.length > 1) sent += 1;
      return sent > batches ? gate.pass().then(() => Promise.reject(new Error("dead"))) : undefined;
    });
    const freeing = createFreeing(dying, keys);
    freeing.free(indexOf("nonce-01"), pending);
    await gate.arrived;
    gate.open();
    await freeing.close();
  }

  test("is finished by another's sweep", async () => {
    await evictedEntries(1_000, "nonce-01");
    await interruptedAfter(4);
    const left = await redis.scard(indexOf("nonce-01"));
    expect(left).toBeGreaterThanOrEqual(600);
    expect(left).toBeLessThan(1_000);
    expect(await redis.lrange(pending, 0, -1)).toEqual([indexOf("nonce-01")]);

    const other = createFreeing(connection, keys);
    await other.sweep();
    await other.close();
    expect(await redis.keys("c:[vip]:*")).toEqual([]);
  });

  test("is not made worse by where it stopped: between freeing and forgetting as well", async () => {
    await evictedEntries(10, "nonce-01");
    // The entries are gone and the index still names them.
    await redis.del(...(await redis.keys("c:v:*")));
    const other = createFreeing(connection, keys);
    await other.sweep();
    await other.close();
    expect(await redis.keys("c:[vip]:*")).toEqual([]);
  });
});

describe("a sweep", () => {
  test("finishes all generations of all tags", async () => {
    for (const tag of ["menu", "order", "café", "size:1"]) {
      for (const nonce of ["nonce-01", "nonce-02"]) {
        const index = keys.indexBase(tag) + nonce;
        await redis.sadd(index, "entry-1");
        await redis.rpush(keys.pending(tag), index);
      }
    }
    const freeing = createFreeing(connection, keys);
    await freeing.sweep();
    await freeing.close();
    expect(await redis.keys("*")).toEqual([]);
  });

  test("ends when its process closes, and leaves the rest to others", async () => {
    await evictedEntries(1_000, "nonce-01");
    const gate = createGate();
    let batches = 0;
    const slow = watched((commands) => {
      if (commands.length > 1) batches += 1;
      return batches === 2 ? gate.pass() : undefined;
    });
    const freeing = createFreeing(slow, keys);
    freeing.free(indexOf("nonce-01"), pending);
    await gate.arrived;
    const closed = freeing.close();
    gate.open();
    await closed;
    expect(batches).toBe(2);
    expect(await redis.scard(indexOf("nonce-01"))).toBeGreaterThanOrEqual(800);
    expect(await redis.llen(pending)).toBe(1);
  });
});
