import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { NodeUnavailableError } from "../../../src/cache/errors.js";
import { type Cache, createCache } from "../../../src/cache/index.js";
import {
  type Command,
  type Connection,
  openConnection,
} from "../../../src/cache/redis/connection.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createEvictionLog } from "../../../src/cache/redis/log.js";
import { createReadBatch, type ReadStep } from "../../../src/cache/redis/read-batch.js";
import type { Reading } from "../../../src/cache/store.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const names = Array.from({ length: 10 }, (_, index) => `item:${index}`);
let server: RedisServer;
let redis: Redis;
let cache: Cache;
let connection: Connection;
let sent: Command[];
let read: ReadStep;
let serverNow = () => Date.now();

beforeAll(async () => {
  server = await startRedis();
  redis = server.client();
  cache = createCache({ redis, prefix: "c:", ttlJitter: 0, commandTimeoutMs: 5_000 });
  for (const name of names) {
    await cache.set(name, { ttlSeconds: 60, staleIfErrorSeconds: 60 }, name);
    await cache.set(`${name} in stock`, { ttlSeconds: 60, tags: ["stock"] }, name);
  }
  connection = openConnection(redis, 2_000);
  sent = [];
  const watched: Connection = {
    ...connection,
    sendAll(commands) {
      sent.push(...commands);
      return connection.sendAll(commands);
    },
  };
  const keys = createKeys("c:");
  const log = createEvictionLog(watched, keys, { logMark: "", known: async () => {} });
  read = createReadBatch(watched, keys, log, () => serverNow());
});

afterEach(() => {
  serverNow = () => Date.now();
});

afterAll(async () => {
  await cache.close();
  connection.close();
  await server.stop();
});

/** Reads each name, and when that is answered one more; how many names each command asked for. */
async function readTwice(first: readonly string[], group?: object): Promise<number[]> {
  sent.length = 0;
  await Promise.all(
    first.map((name) => read(name, [], group).then(() => read(`${name}!`, [], group))),
  );
  return sent.map((command) => command.length - 1);
}

describe("callers who ask again as soon as they are answered", () => {
  test("are answered in halves, so that server and process need not wait for each other", async () => {
    expect(await readTwice(names)).toEqual([10, 5, 5]);
  });

  test("are answered together where they are one group, so that what they ask next goes together", async () => {
    expect(await readTwice(names, {})).toEqual([10, 10]);
  });

  test("are answered together where they are few", async () => {
    expect(await readTwice(names.slice(0, 7))).toEqual([7, 7]);
  });

  test("are answered together while something else is under way", async () => {
    const others = names.slice(0, 2).map((name) => `${name}?`);
    sent.length = 0;
    const one = Promise.all(names.map((name) => read(name, []).then(() => read(`${name}!`, []))));
    await new Promise(process.nextTick);
    await new Promise(process.nextTick);
    const two = Promise.all(others.map((name) => read(name, [])));
    await Promise.all([one, two]);
    expect(sent.map((command) => command.length - 1)).toEqual([10, 2, 10]);
  });
});

describe("those whose loads are to begin in one tick", () => {
  const absent = names.map((name) => `${name}?`);

  /** In how many turns of the event loop those are told whom `isTold` chooses. */
  async function turnsFor(
    asked: readonly string[],
    group?: object,
    isTold = (_name: string, _reading: Reading) => true,
  ): Promise<number> {
    let turn = 0;
    let isOver = false;
    const toldAt = new Set<number>();
    const tick = () => {
      turn += 1;
      if (!isOver) setImmediate(tick);
    };
    setImmediate(tick);
    await Promise.all(
      asked.map(async (name) => {
        const reading = await read(name, [], group);
        if (isTold(name, reading)) toldAt.add(turn);
      }),
    );
    isOver = true;
    return toldAt.size;
  }

  /** When the last entry ends. */
  async function lastEnd(): Promise<number> {
    const { entry } = await read(names.at(-1) as string, []);
    if (!entry) throw new Error("The last of the names has an entry.");
    return entry.birthMs + entry.ttlMs;
  }

  test("are told in one where they find nothing, hits or none beside them", async () => {
    const all = names.flatMap((name) => [name, `${name}?`]);
    expect(await turnsFor(all, undefined, (_name, { entry }) => !entry)).toBe(1);
  });

  test.each([
    ["of one group", {}],
    ["of no group", undefined],
  ])("are told in one where entries have expired and others are new, %s", async (_, group) => {
    const end = await lastEnd();
    serverNow = () => end;
    expect(await turnsFor([...names, ...absent], group)).toBe(1);
  });

  test("are told in one where an entry is about to expire, and may have when it is looked at", async () => {
    const end = await lastEnd();
    serverNow = () => end - 1;
    expect(await turnsFor([...names, ...absent], {})).toBe(1);
  });

  test("are told in one where entries have expired, and the tags of others are known only from them", async () => {
    const end = await lastEnd();
    serverNow = () => end;
    expect(await turnsFor([...names, ...names.map((name) => `${name} in stock`)], {})).toBe(1);
  });

  test("are not those whose stale entries serve still", async () => {
    const stale = names.map((name) => `stale ${name}`);
    const options = { ttlSeconds: 60, staleWhileRevalidateSeconds: 60 };
    await Promise.all(stale.map((name) => cache.set(name, options, name)));
    const end = await lastEnd();
    serverNow = () => end + 1_000;
    expect(await readTwice(stale)).toEqual([10, 5, 5]);
  });
});

/** Reads on a cluster whose node with the tag "lost" is lost. */
function clusterWithout(lost: NodeUnavailableError): ReadStep {
  const keys = createKeys("c:");
  const cluster: Connection = {
    ...connection,
    isCluster: true,
    async sendAll(commands) {
      const replies = await connection.sendAll(commands);
      return replies.map((reply, at) => (commands[at]?.[1] === keys.tag("lost") ? lost : reply));
    },
  };
  const log = createEvictionLog(cluster, keys, { logMark: "", known: async () => {} });
  return createReadBatch(cluster, keys, log, serverNow);
}

test("where a node of a cluster is lost before the tags are read, those who need nothing of it are told", async () => {
  await cache.set("by a lost tag", { ttlSeconds: 60, tags: ["lost"] }, "value");
  const lost = new NodeUnavailableError("127.0.0.1:1");
  const readOnCluster = clusterWithout(lost);
  const [first, second, third] = [
    readOnCluster("item:0", []),
    readOnCluster("item:0 in stock", []),
    readOnCluster("by a lost tag", []),
  ];
  await expect(third).rejects.toBe(lost);
  expect((await first).valid).toBe(true);
  expect((await second).valid).toBe(true);
});

test("where it is lost before the entries are, the tags that those tell of are read all the same", async () => {
  const lost = new NodeUnavailableError("127.0.0.1:1");
  const readOnCluster = clusterWithout(lost);
  const [first, second] = [readOnCluster("absent", ["lost"]), readOnCluster("item:0 in stock", [])];
  await expect(first).rejects.toBe(lost);
  expect((await second).valid).toBe(true);
});
