import { once } from "node:events";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createRevival, type Revival } from "../../../src/cache/redis/revival.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

let server: RedisServer;
let client: Redis;
let revival: Revival;
let closes = 0;
let nowMs: number;

beforeAll(async () => {
  server = await startRedis();
  client = server.client();
  client.on("close", () => {
    closes += 1;
  });
});
beforeEach(async () => {
  await client.ping();
  closes = 0;
  nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  revival = createRevival({ masters: () => [client] });
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => server.stop());

/** A trial that fails at this time gives the connection up. */
async function expectEnd(atMs: number): Promise<void> {
  nowMs = atMs;
  const ready = once(client, "ready");
  revival.fail();
  await ready;
  expect(closes).toBe(1);
  closes = 0;
}

/** A trial that fails at this time leaves the connection alone. */
async function expectPatience(atMs: number): Promise<void> {
  nowMs = atMs;
  revival.fail();
  await client.ping();
  expect(closes).toBe(0);
}

test("a connection is given up when it was not answered for a second, and the next one after as long", async () => {
  await expectPatience(0);
  await expectPatience(999);
  await expectEnd(1_000);
  await expectPatience(1_999);
  await expectEnd(2_000);
});

test("an answer lets the second begin anew", async () => {
  await expectPatience(0);
  revival.succeed();
  await expectPatience(1_000);
  await expectPatience(1_999);
  await expectEnd(2_000);
});
