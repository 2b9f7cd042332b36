import type { Cluster, Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomId } from "../../../src/cache/random.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { evictedVersion } from "../../../src/cache/redis/tag-version.js";
import type { Store } from "../../../src/cache/store.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const PREFIX = "leases:";
const keys = createKeys(PREFIX);

/** What a lease says of itself must not look older than what its load begins under. */
describe("A lease that could be taken for doomed", () => {
  let server: RedisServer;
  let cluster: RedisCluster;
  const stores: Store[] = [];

  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedis(), startCluster({ masters: 3 })]);
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all([server.stop(), cluster.stop()]);
  });

  function open(redis: Redis | Cluster): Store {
    const store = createRedisStore({
      redis,
      prefix: PREFIX,
      leaseMs: 10_000,
      commandTimeoutMs: 2000,
    });
    stores.push(store);
    return store;
  }

  it("names an eviction that its process had not heard of, but whose version its load begins under", async () => {
    const [filler, reader] = [open(server.client()), open(server.client())];
    const { epoch, n } = await filler.readPosition();
    // As another process evicts, and before the push of it is heard.
    const evicted = evictedVersion(randomId(), { epoch, n: n + 1 });
    await server.client().set(keys.tag("menu"), evicted, "PX", 10_000);
    const request = { key: "soups", tags: ["menu"], token: randomId(), leaseMs: 10_000, over: "" };
    const grant = await filler.takeLease(request);
    const { lease } = await reader.read("soups", ["menu"]);
    expect(grant).toMatchObject({ taken: true, token: lease?.token });
    expect(lease?.doomed).toBe(false);
  });

  it("is another's than the one that was seen on a cluster before its tag had a version", async () => {
    const [filler, reader] = [open(cluster.client()), open(cluster.client())];
    const first = randomId();
    const request = { key: "soups", tags: ["menu"], leaseMs: 10_000 };
    const grant = await filler.takeLease({ ...request, token: first, over: "" });
    expect(grant.taken).toBe(true);
    // Who saw the first one, and the tag without a version, would take it over now.
    const takeover = { ...request, token: randomId(), over: first, overHeld: true };
    const late = await reader.takeLease(takeover);
    expect(late).toEqual({ taken: false });
    const { lease } = await reader.read("soups", ["menu"]);
    expect(grant).toMatchObject({ token: lease?.token });
    expect(lease?.doomed).toBe(false);
  });
});
