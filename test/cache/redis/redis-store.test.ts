import { afterAll, beforeAll } from "vitest";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { testStore } from "../store-conformance.js";

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

testStore("The Redis store", async () =>
  createRedisStore({
    redis: server.client(),
    prefix: "conformance:",
    leaseMs: 10_000,
    commandTimeoutMs: 2000,
  }),
);
