import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openConnection } from "../../../src/cache/redis/connection.js";
import { freePort } from "../../support/free-port.js";
import { heapBytes } from "../../support/heap.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

test("a connection that comes back again and again gathers no listeners", async () => {
  const connection = openConnection(server.client(), 2_000);
  const client = connection.client as Redis;
  const listeners = () =>
    ["ready", "end", "close", "error"].map((event) => client.listenerCount(event));
  await connection.send("ping");
  const before = listeners();
  for (let time = 0; time < 3; time += 1) {
    client.stream.destroy();
    await expect.poll(() => client.status, { interval: 1 }).not.toBe("ready");
    await connection.send("ping");
  }
  expect(listeners()).toEqual(before);
  connection.close();
});

test("an outage without an end gathers nothing of the commands that it refused", async () => {
  const client = new Redis({ port: await freePort(), lazyConnect: true });
  const connection = openConnection(client, 5);
  const refuseSome = () =>
    Promise.allSettled(Array.from({ length: 500 }, () => connection.send("ping")));
  await refuseSome();
  const before = heapBytes();
  for (let time = 0; time < 10; time += 1) await refuseSome();
  expect(heapBytes() - before).toBeLessThan(1_000_000);
  connection.close();
});
