import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cache, createCache } from "../../../src/cache/index.js";
import {
  type Command,
  type Connection,
  openConnection,
} from "../../../src/cache/redis/connection.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createEvictionLog } from "../../../src/cache/redis/log.js";
import { createReadBatch, type ReadStep } from "../../../src/cache/redis/read-batch.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const names = Array.from({ length: 10 }, (_, index) => `item:${index}`);
let server: RedisServer;
let redis: Redis;
let cache: Cache;
let connection: Connection;
let sent: Command[];
let read: ReadStep;

beforeAll(async () => {
  server = await startRedis();
  redis = server.client();
  cache = createCache({ redis, prefix: "c:" });
  for (const name of names) await cache.set(name, { ttlSeconds: 60 }, name);
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
  read = createReadBatch(watched, keys, log, () => Date.now());
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

test("those who find nothing are told in one tick, hits or none beside them", async () => {
  let turn = 0;
  const toldAt: number[] = [];
  const tick = () => {
    turn += 1;
    if (toldAt.length < 10) setImmediate(tick);
  };
  setImmediate(tick);
  const all = names.flatMap((name) => [name, `${name}?`]);
  await Promise.all(
    all.map(async (name) => {
      const { entry } = await read(name, []);
      if (!entry) toldAt.push(turn);
    }),
  );
  expect(new Set(toldAt).size).toBe(1);
});
