import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Cache, createCache } from "../../../src/cache/index.js";
import { type CountingProxy, startCountingProxy } from "../../support/counting-proxy.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

let server: RedisServer;
let proxy: CountingProxy;
let cache: Cache;

beforeAll(async () => {
  server = await startRedis();
  proxy = await startCountingProxy(server.port);
  const redis = server.client({ port: Number(new URL(proxy.url).port) });
  cache = createCache({ redis, commandTimeoutMs: 5_000 });
  await cache.evictTags(["connects"]);
});

beforeEach(async () => {
  // What goes on in the background, as freeing, has had its answers.
  let seen = -1;
  while (seen !== proxy.trips.length) {
    seen = proxy.trips.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

afterAll(async () => {
  await cache.close();
  await proxy[Symbol.asyncDispose]();
  await server.stop();
});

async function tripsOf(work: () => Promise<unknown>): Promise<number> {
  proxy.trips.length = 0;
  await work();
  return proxy.trips.length;
}

describe("on one server", () => {
  test("an eviction is acknowledged in one round trip, of many tags as well", async () => {
    expect(await tripsOf(() => cache.evictTags(["menu"]))).toBe(1);
    const many = Array.from({ length: 10 }, (_, index) => `tag:${index}`);
    expect(await tripsOf(() => cache.evictTags(many))).toBe(1);
  });
});
