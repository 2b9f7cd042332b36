import { afterAll, beforeAll } from "vitest";
import { createCache } from "../../src/cache/index.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import { testCache } from "./cache-conformance.js";

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

testCache("In process", (options) => createCache(options));

testCache("On Redis", (options) =>
  createCache({ redis: server.client(), commandTimeoutMs: 2000, ...options }),
);

testCache("On Redis with a near cache", (options) =>
  createCache({ redis: server.client(), commandTimeoutMs: 2000, near: {}, ...options }),
);
