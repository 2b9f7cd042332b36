import { afterAll, beforeAll } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { testWriteBehind } from "./write-behind-conformance.js";

const USER = ["--user", "app", "on", ">s3cret", "~*", "&*", "+@all", "-@scripting"];
const WITHOUT_SCRIPTS = { username: "app", password: "s3cret" };

let server: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, cluster] = await Promise.all([
    startRedis({ args: USER }),
    startCluster({ masters: 3, args: USER }),
  ]);
});
afterAll(() => Promise.all([server.stop(), cluster.stop()]));

testWriteBehind("In process", (options) => createCache(options));

testWriteBehind("On Redis", (options) =>
  createCache({ redis: server.client(), commandTimeoutMs: 2000, ...options }),
);

testWriteBehind("On Redis without scripts", (options) =>
  createCache({
    redis: server.client(WITHOUT_SCRIPTS),
    prefix: "plain:",
    commandTimeoutMs: 2000,
    ...options,
  }),
);

testWriteBehind("On a cluster", (options) =>
  createCache({ redis: cluster.client(), commandTimeoutMs: 2000, ...options }),
);
