import { once } from "node:events";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { StoreUnavailableError } from "../../../src/cache/errors.js";
import { type Command, evaluate } from "../../../src/cache/redis/connection.js";
import { scripts } from "../../../src/cache/redis/scripts.js";
import type { Lane } from "../../../src/cache/redis/transactions/lane.js";
import { createLanes } from "../../../src/cache/redis/transactions/lanes.js";
import { transact } from "../../../src/cache/redis/transactions/transact.js";
import {
  createTransactions,
  type Transactions,
} from "../../../src/cache/redis/transactions/transactions.js";
import type { Plan, Twin } from "../../../src/cache/redis/transactions/twin.js";
import { startCountingProxy } from "../../support/counting-proxy.js";
import { createGate, type Gate } from "../../support/gate.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const LIMIT_MS = 5_000;
const LIFE_MS = 60_000;

let server: RedisServer;
let redis: Redis;
const opened: Array<{ close(): void }> = [];

beforeAll(async () => {
  server = await startRedis();
  redis = server.client();
});
beforeEach(() => redis.flushall());
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});
afterAll(() => server.stop());

/** A twin that looks at a key, waits at the gate, and then writes. */
function throughGate(gate: Gate): Twin {
  return async (look, key: string): Promise<Plan> => {
    await look(["watch", key], ["get", key]);
    await gate.pass();
    return { reply: "written", writes: [["set", key, "mine", "PX", LIFE_MS]] };
  };
}

function lane(): Lane {
  const lanes = createLanes(server.client());
  opened.push(lanes);
  return lanes.of("a");
}

const inTime = (limitMs = LIMIT_MS) => performance.now() + limitMs;

describe("between its look and its writes, a transaction", () => {
  /** Runs a transaction on "a", and `meanwhile` when it has looked. */
  async function interrupted(meanwhile: (connection: Redis) => Promise<unknown>) {
    const gate = createGate();
    const running = lane().use(inTime(), async (connection) => {
      const done = transact(connection, [{ twin: throughGate(gate), keys: ["a"], args: [] }]);
      await gate.arrived;
      await meanwhile(connection);
      gate.open();
      return done;
    });
    return running;
  }

  test("writes where nothing moved", async () => {
    expect(await interrupted(() => redis.set("b", "other"))).toEqual(["written"]);
    expect(await redis.get("a")).toBe("mine");
  });

  test.each<[string, () => Promise<unknown>]>([
    ["was written", () => redis.set("a", "theirs", "PX", LIFE_MS)],
    ["was deleted", () => redis.del("a")],
    ["expired", () => redis.pexpire("a", 0)],
    ["was given another life", () => redis.pexpire("a", LIFE_MS)],
  ])("is lost to a key that %s", async (_, change) => {
    await redis.set("a", "old", "PX", LIFE_MS * 2);
    expect(await interrupted(change)).toBe("lost");
    expect(await redis.get("a")).not.toBe("mine");
  });

  test("writes nothing when its connection is lost, though nothing else moved", async () => {
    await redis.set("a", "old", "PX", LIFE_MS);
    const cut = interrupted(async (connection) => {
      const after = Promise.race([once(connection, "end"), once(connection, "ready")]);
      await redis.client("KILL", "ID", await connection.client("ID"));
      await after;
    });
    await expect(cut).rejects.toThrow(StoreUnavailableError);
    expect(await redis.get("a")).toBe("old");
  });
});

describe("a lane", () => {
  test("carries one transaction at a time, in their order", async () => {
    const own = lane();
    const gate = createGate();
    const order: number[] = [];
    const first = own.use(inTime(), async () => {
      await gate.pass();
      order.push(1);
    });
    const second = own.use(inTime(), async () => order.push(2));
    await gate.arrived;
    await redis.ping();
    expect(order).toEqual([]);
    gate.open();
    await Promise.all([first, second]);
    expect(order).toEqual([1, 2]);
  });

  test("goes on with a new connection when the last has ended", async () => {
    const own = lane();
    const id = await own.use(inTime(), (connection) => connection.client("ID"));
    await redis.client("KILL", "ID", id);
    await expect
      .poll(() => own.use(inTime(), (connection) => connection.client("ID")).catch(() => id))
      .not.toBe(id);
  });

  test("lets what comes too late neither begin nor go on", async () => {
    const own = lane();
    await own.use(inTime(), (connection) => connection.ping());
    const gate = createGate();
    const step = { twin: throughGate(gate), keys: ["a"], args: [] };
    const slow = own.use(inTime(30), (connection) => transact(connection, [step]));
    const late = own.use(inTime(20), (connection) => connection.set("b", "late"));
    await expect(slow).rejects.toThrow(StoreUnavailableError);
    await expect(late).rejects.toThrow("A transaction must begin within its time");
    gate.open();
    expect(await own.use(inTime(), (connection) => connection.ping())).toBe("PONG");
    expect(await redis.exists("a", "b")).toBe(0);
  });

  test("refuses another server than the one that is read, where a name or a sentinel may lead by now", async () => {
    await using other = await startRedis();
    const client = server.client();
    await client.ping();
    client.options.port = other.port;
    const lanes = createLanes(client);
    opened.push(lanes);
    const refused = lanes.of("a").use(inTime(), (connection) => connection.set("a", "lost"));
    await expect(refused).rejects.toThrow("A transaction must run on the server that is read");
    expect(await other.client().exists("a")).toBe(0);
  });

  test("does not keep the connection to a server that was demoted", async () => {
    const own = lane();
    const id = await own.use(inTime(), (connection) => connection.client("ID"));
    await redis.replicaof("127.0.0.1", 1);
    const gate = createGate();
    gate.open();
    const step = { twin: throughGate(gate), keys: ["a"], args: [] };
    const refused = own.use(inTime(), (connection) => transact(connection, [step]));
    await expect(refused).rejects.toThrow("READONLY");
    await redis.replicaof("NO", "ONE");
    expect(await own.use(inTime(), (connection) => connection.client("ID"))).not.toBe(id);
  });
});

describe("transactions", () => {
  const transmit = (commands: readonly Command[]) =>
    Promise.all(commands.map(([name, ...args]) => redis.callBuffer(name, args)));

  function open(client = server.client(), send = transmit): Transactions {
    const transactions = createTransactions(client, () => LIMIT_MS, send);
    opened.push(transactions);
    return transactions;
  }

  const advance = () => evaluate(scripts.advanceLog, ["log"], "0000000a", LIFE_MS, 1);
  const claim = (tag: string, nonce = "nonce-01") =>
    evaluate(scripts.claimTag, [tag], `${nonce}c`, LIFE_MS);
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => index);

  test("of many processes lose no update of a key that all of them change", async () => {
    const processes = numbered(4).map(() => open());
    const replies = await Promise.all(
      numbered(100).map((at) => processes[at % 4]?.exchange([advance()])),
    );
    const positions = replies.flat().map((reply) => Number(String(reply).split(":")[1]));
    expect(positions.sort((a, b) => a - b)).toEqual(numbered(100).map((at) => at + 1));
  });

  test("of many processes agree on what each of many keys holds", async () => {
    const processes = numbered(3).map(() => open());
    const tags = numbered(150).map((at) => `tag ${at}`);
    const views = await Promise.all(
      processes.map((one, at) => one.exchange(tags.map((tag) => claim(tag, `nonce-0${at}`)))),
    );
    const held = await redis.mget(tags);
    for (const view of views) expect(view.map(String)).toEqual(held);
  });

  test("of one batch share round trips", async () => {
    await using proxy = await startCountingProxy(server.port);
    const client = server.client({ port: Number(new URL(proxy.url).port) });
    const transactions = open(client);
    await transactions.exchange(numbered(4).map((at) => claim(`warm ${at}`)));
    proxy.trips.length = 0;
    const replies = await transactions.exchange(numbered(100).map((at) => claim(`tag ${at}`)));
    expect(replies.map(String)).toEqual(numbered(100).map(() => "nonce-01c"));
    // A lane's first transaction connects as well.
    expect(proxy.trips.length).toBeLessThan(10);
  });

  test("keep the order of a batch: what comes after a script sees what it did", async () => {
    const seen: Array<string | null> = [];
    const transactions = open(server.client(), async (commands) => {
      seen.push(await redis.get("a"), await redis.get("b"));
      return transmit(commands);
    });
    const replies = await transactions.exchange([claim("a"), ["ping"], claim("b"), ["get", "b"]]);
    expect(seen).toEqual(["nonce-01c", null, "nonce-01c", "nonce-01c"]);
    expect(replies.map(String)).toEqual(["nonce-01c", "PONG", "nonce-01c", "nonce-01c"]);
  });

  test("of one key in one batch come one after the other", async () => {
    const replies = await open().exchange([advance(), advance(), advance()]);
    expect(replies.map(String)).toEqual(["0000000a:1", "0000000a:2", "0000000a:3"]);
  });

  test("let one that fails fail alone", async () => {
    await redis.hset("wrong", "field", "value");
    const failing = evaluate(scripts.releaseLease, ["wrong"], "token123", 0, "channel");
    const replies = await open().exchange([claim("a"), failing, claim("b")]);
    expect(replies.map((reply) => (reply instanceof Error ? "an error" : String(reply)))).toEqual([
      "nonce-01c",
      "an error",
      "nonce-01c",
    ]);
  });

  test("are not undone by a push that is refused", async () => {
    await redis.call("ACL", "SETUSER", "quiet", "on", ">pw", "~*", "resetchannels", "+@all");
    await redis.set("entry", "value", "PX", LIFE_MS);
    const quiet = open(server.client({ username: "quiet", password: "pw" }));
    const deletion = evaluate(scripts.deleteEntry, ["entry"], "wake:entry");
    expect(await quiet.exchange([deletion])).toEqual([1]);
    expect(await redis.exists("entry")).toBe(0);
  });

  test("tell why a write was refused, rather than that the transaction was", async () => {
    await redis.config("SET", "min-replicas-to-write", 1);
    const [reply] = await open().exchange([claim("a")]);
    await redis.config("SET", "min-replicas-to-write", 0);
    expect(String(reply)).toContain("NOREPLICAS");
  });
});
