import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { openPush, type Push } from "../../../src/cache/redis/push.js";
import { type Link, startLink } from "../../support/link.js";
import { startMutingProxy } from "../../support/muting-proxy.js";
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
  push = open(link.port);
  await connected(1);
});

afterEach(async () => {
  push.close();
  await link[Symbol.asyncDispose]();
});

afterAll(() => server.stop());

function open(port: number): Push {
  return openPush(server.client({ port }), keys, 500, {
    onEviction: () => {},
    onKey: () => {},
    onConnect: () => {
      connects += 1;
    },
    onDisconnect: () => {
      disconnects += 1;
    },
  });
}

function connected(times: number): Promise<void> {
  return expect.poll(() => connects, { timeout: 10_000 }).toBe(times);
}

/** How many PING commands the server has seen. */
async function pings(): Promise<number> {
  const text = await redis.info("commandstats");
  return Number(/cmdstat_ping:calls=(\d+)/.exec(text)?.[1] ?? 0);
}

async function subscriptions(): Promise<number> {
  const [, count] = (await redis.pubsub("NUMSUB", keys.evictions)) as [string, number];
  return count;
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

  test("gives up one on which the subscription was never answered", async () => {
    await using proxy = await startMutingProxy(server.port);
    proxy.mute();
    const before = await subscriptions();
    const muted = open(proxy.port);
    await expect.poll(subscriptions).toBe(before + 1);
    muted.check();
    await expect.poll(() => disconnects).toBe(1);
    proxy.unmute();
    await connected(2);
    expect(muted.isConnected).toBe(true);
    muted.close();
  });

  test("gives up one that was lost before the server was known to be ready", async () => {
    const greeted = async () => String(await redis.client("LIST")).split("resp=3").length;
    const before = await greeted();
    link.hold("to the client");
    const unready = open(link.port);
    // The server has answered the client that was given, and ours; nobody heard.
    await expect.poll(greeted).toBe(before + 2);
    link.loseSilently();
    link.letThrough();
    unready.check();
    await connected(2);
    unready.close();
  });

  test("asks once, however often it is asked for meanwhile", async () => {
    const before = await pings();
    for (let time = 0; time < 3; time += 1) push.check();
    await push.watch("menu");
    expect(await pings()).toBe(before + 1);
  });

  test("comes by itself, however long nothing is told", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const unasked = open(server.port);
    await connected(2);
    const before = await pings();
    await vi.advanceTimersByTimeAsync(20_000);
    vi.useRealTimers();
    await expect.poll(pings).toBe(before + 1);
    unasked.close();
  });
});
