import { afterAll, beforeAll, expect, test } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import type { RedisClient } from "../../../src/cache/redis/client.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { testCache } from "../cache-conformance.js";
import { testStore } from "../store-conformance.js";

/** May do everything but run scripts. */
const RULES = ["~*", "&*", "+@all", "-@scripting"];
const USER = ["--user", "app", "on", ">s3cret", ...RULES];
const CREDENTIALS = { username: "app", password: "s3cret" };

let server: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, cluster] = await Promise.all([
    startRedis({ args: USER }),
    startCluster({ masters: 3, args: USER }),
  ]);
});
afterAll(() => Promise.all([server.stop(), cluster.stop()]));

const single = () => server.client(CREDENTIALS);
const masters = () => cluster.client({ redisOptions: CREDENTIALS });

const storeOver = (redis: RedisClient) =>
  createRedisStore({ redis, prefix: "conformance:", leaseMs: 10_000, commandTimeoutMs: 2000 });

testStore("The Redis store without scripts", async () => storeOver(single()));
testCache("On Redis without scripts", (options) =>
  createCache({ redis: single(), commandTimeoutMs: 2000, ...options }),
);

testStore("The Redis store on a cluster without scripts", async () => storeOver(masters()));
testCache("On a cluster without scripts", (options) =>
  createCache({ redis: masters(), commandTimeoutMs: 2000, ...options }),
);

test("ran no script", async () => {
  expect(await server.client().info("commandstats")).not.toMatch(/cmdstat_evalsha:calls=[1-9]/);
});
