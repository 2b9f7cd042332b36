import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import type { RedisCluster } from "../../support/redis-cluster.js";
import type { RedisServer } from "../../support/redis-server.js";
import { startBoth, WITHOUT_SCRIPTS } from "../../support/without-scripts.js";
import { testWriteBehind } from "./write-behind-conformance.js";

let server: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, cluster] = await startBoth();
});
afterAll(() => Promise.all([server.stop(), cluster.stop()]));

testWriteBehind("In process", (options) => createCache(options));

describe("A write in process that its origin refuses to the end", () => {
  it("is gone with its queue, which leaves readers the origin's value, and opens again empty", async () => {
    const cache = createCache();
    const queue = cache.writeBehind<string>("refused", {
      delaySeconds: 0,
      write() {
        throw new Error("no");
      },
    });
    await queue.put("k", { ttlSeconds: 60 }, "lost");
    await queue.close();
    expect(await cache.getOrSet("k", { ttlSeconds: 60 }, () => "origin's")).toBe("origin's");
    const again = cache.writeBehind<string>("refused", { write: () => {} });
    expect(await again.health()).toMatchObject({ pending: 0 });
    await again.flush();
    await cache.close();
  });
});

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
