import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { openPush, type Push } from "../../../src/cache/redis/push.js";
import { type Link, startLink } from "../../support/link.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const keys = createKeys("c:");
let server: RedisServer;
let redis: Redis;
let link: Link;
let push: Push;
let connects: number;
let disconnects: number;

beforeAll(async () => {
  server = await startRedis();
  redis = server.client();
});

beforeEach(async () => {
  connects = 0;
  disconnects = 0;
  link = await startLink(server.port);
  push = openPush(server.client({ port: link.port }), keys, 500, {
    onEviction: () => {},
    onKey: () => {},
    onConnect: () => {
      connects += 1;
    },
    onDisconnect: () => {
      disconnects += 1;
    },
  });
  await connected(1);
});

afterEach(async () => {
  push.close();
  await link[Symbol.asyncDispose]();
});

afterAll(() => server.stop());

function connected(times: number): Promise<void> {
  return expect.poll(() => connects, { timeout: 10_000 }).toBe(times);
}

/** How many PING commands the server has seen. */
async function pings(): Promise<number> {
  const text = await redis.info("commandstats");
  return Number(/cmdstat_ping:calls=(\d+)/.exec(text)?.[1] ?? 0);
}

describe("a check of the stream", () => {
  test("lets a connection be that answers", async () => {
    const before = await pings();
    push.check();
    await expect.poll(pings).toBe(before + 1);
    // Told on the same connection, behind the answer.
    const woken = (await push.watch("menu")).next();
    await redis.publish(keys.wake("menu"), "");
    await woken;
    expect(disconnects).toBe(0);
  });

  test("gives up one that leads nowhere, and the next one as well", async () => {
    for (const times of [2, 3]) {
      link.loseSilently();
      link.letThrough();
      push.check();
      await connected(times);
      expect(push.isConnected).toBe(true);
    }
  });

  test("asks once, however often it is asked for meanwhile", async () => {
    const before = await pings();
    for (let time = 0; time < 3; time += 1) push.check();
    await push.watch("menu");
    expect(await pings()).toBe(before + 1);
  });
});
