import { afterAll, beforeAll } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import { testCache } from "../cache-conformance.js";
import { testStore } from "../store-conformance.js";

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startCluster({ masters: 3 });
});
afterAll(() => cluster.stop());

testStore("The Redis store on a cluster", async () =>
  createRedisStore({
    redis: cluster.client(),
    prefix: "conformance:",
    leaseMs: 10_000,
    commandTimeoutMs: 2000,
  }),
);

testCache("On a cluster", (options) =>
  createCache({ redis: cluster.client(), commandTimeoutMs: 2000, ...options }),
);
