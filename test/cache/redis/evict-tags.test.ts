import { afterAll, beforeAll, expect, test } from "vitest";
import { type Connection, openConnection } from "../../../src/cache/redis/connection.js";
import { createEvictTags } from "../../../src/cache/redis/evict-tags.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createEvictionLog } from "../../../src/cache/redis/log.js";
import { readLogPosition } from "../../../src/cache/redis/tag-version.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const keys = createKeys("c:");
let server: RedisServer;
let connection: Connection;

beforeAll(async () => {
  server = await startRedis();
  connection = openConnection(server.client(), 2_000);
});
afterAll(async () => {
  connection.close();
  await server.stop();
});

test("an eviction of more tags than go at once ends where the log stands behind the last, with no push to tell of it", async () => {
  const log = createEvictionLog(connection, keys, { logMark: "", known: async () => {} });
  const freeing = { free() {}, async sweep() {}, async close() {} };
  const evict = createEvictTags(connection, keys, log, freeing);
  const { position, versions } = await evict(Array.from({ length: 502 }, (_, at) => `tag:${at}`));
  const [stands] = String(await connection.send("get", keys.log)).split("@") as [string];
  expect(position).toEqual(readLogPosition(stands));
  expect([position.n, versions.size]).toEqual([502, 502]);
  expect(log.known).toEqual(position);
});
