import { once } from "node:events";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOutageGuard } from "../../../src/storage/redis/outage-guard.js";
import { freePort } from "../../support/free-port.js";
import { heapBytes } from "../../support/heap.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { skippingClock } from "../../support/skipping-clock.js";

describe("a connection that comes back", () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  async function loseConnection(client: Redis): Promise<void> {
    const closed = once(client, "close");
    client.disconnect(true);
    await closed;
  }

  test("is waited for anew when it is lost again, however long ago that was the first time", async () => {
    const clock = skippingClock();
    const client = server.client();
    const guard = createOutageGuard(client, { timeoutMs: 10_000, pauseMs: 0 });
    for (let time = 0; time < 2; time += 1) {
      await client.ping();
      await loseConnection(client);
      expect(await guard.run("a", () => client.get("a"))).toBeNull();
      clock.skip(60_000);
    }
  });

  test("is not held to what the one before failed to answer", async () => {
    const client = server.client();
    await client.ping();
    const guard = createOutageGuard(client, { timeoutMs: 100, pauseMs: 60_000 });
    const get = () => guard.run("a", () => client.get("a"));
    server.pause();
    await expect(get()).rejects.toThrow("no answer within 100 ms");
    server.resume();
    await client.ping();
    await expect(get()).rejects.toThrow("it just failed to answer another command");
    await loseConnection(client);
    await client.ping();
    expect(await get()).toBeNull();
  });

  test("a refusal is an answer, after which nobody is kept waiting for another", async () => {
    const client = server.client();
    await client.lpush("list", "a");
    const guard = createOutageGuard(client, { timeoutMs: 100, pauseMs: 0 });
    const get = (key: string) => guard.run(key, () => client.get(key));
    server.pause();
    await expect(get("a")).rejects.toThrow("no answer within 100 ms");
    server.resume();
    await client.ping();
    await expect(get("list")).rejects.toThrow("Redis refused a command");
    expect(await Promise.all([get("a"), get("a")])).toEqual([null, null]);
  });
});

test("an outage without an end gathers nothing of the commands that it refused", async () => {
  const client = new Redis({ port: await freePort(), lazyConnect: true });
  client.on("error", () => {});
  const guard = createOutageGuard(client, { timeoutMs: 5, pauseMs: 0 });
  const refuseSome = () =>
    Promise.allSettled(Array.from({ length: 500 }, () => guard.run("a", () => client.get("a"))));
  await refuseSome();
  const before = heapBytes();
  for (let time = 0; time < 10; time += 1) await refuseSome();
  expect(heapBytes() - before).toBeLessThan(1_000_000);
  client.disconnect();
});
