import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import { createMemoryStore } from "../../../src/cache/memory-store.js";
import type { RedisClient } from "../../../src/cache/redis/client.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import type { Store } from "../../../src/cache/store.js";
import type { QueuedWrite } from "../../../src/cache/write-behind/queue.js";
import type { RedisCluster } from "../../support/redis-cluster.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import { startBoth, WITHOUT_SCRIPTS } from "../../support/without-scripts.js";
import { testQueue } from "./queue-conformance.js";

let server: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, cluster] = await startBoth();
});
afterAll(() => Promise.all([server.stop(), cluster.stop()]));

const over = (redis: RedisClient, prefix = "conformance:") =>
  createRedisStore({ redis, prefix, leaseMs: 10_000, commandTimeoutMs: 2000 });

testQueue("The memory store", () => createMemoryStore({ maxEntries: 1000, maxBytes: 1e6 }));
testQueue("The Redis store", () => over(server.client()));
testQueue("The Redis store without scripts", () => over(server.client(WITHOUT_SCRIPTS), "plain:"));
testQueue("The Redis store on a cluster", () => over(cluster.client()));
testQueue("The Redis store on a cluster without scripts", () =>
  over(cluster.client({ redisOptions: WITHOUT_SCRIPTS }), "plain:"),
);

describe("A queue on Redis", () => {
  const write: QueuedWrite = {
    key: "a",
    entry: {
      ttlMs: 1000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      nullTtlMs: 0,
      tags: [],
      coordinate: undefined,
    },
    format: 1,
    value: Buffer.from("value"),
  };

  async function withStores(count: number, run: (stores: Store[]) => Promise<void>) {
    const stores = Array.from({ length: count }, () => over(server.client(), "shared:"));
    try {
      await run(stores);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  }

  it("hands each write to one process, and to another when that is not heard of any more", async () => {
    await withStores(2, async (stores) => {
      const [one, other] = stores.map((store) => store.queue("orders"));
      await one!.append(write, 10);
      await one!.append(write, 10);
      const [mine] = await one!.receive(1);
      const [its] = await other!.receive(10);
      expect(its!.sequence).toBeGreaterThan(mine!.sequence);
      expect(await other!.adopt(60_000, 10)).toEqual([]);
      expect(await other!.adopt(0, 10)).toMatchObject([{ attempt: 2 }, { attempt: 2 }]);
      await one!.keep([{ id: mine!.id, attempt: 5 }]);
      expect(await other!.adopt(60_000, 10)).toEqual([]);
      expect(await other!.adopt(0, 10)).toMatchObject([{ id: mine!.id, attempt: 6 }, {}]);
      await other!.settle([mine!.id, its!.id]);
    });
  });

  it("finds at once what is left behind many that are in good hands", async () => {
    await withStores(3, async (stores) => {
      const [living, dead, other] = stores.map((store) => store.queue("many"));
      for (let turn = 0; turn < 61; turn += 1) await living!.append(write, 100);
      await living!.receive(60);
      const [left] = await dead!.receive(1);
      const longAgo = ["IDLE", 60_000, "JUSTID"] as const;
      await server.client().xclaim("shared:q:{many}", "writers", "dead", 0, left!.id, ...longAgo);
      expect(await other!.adopt(30_000, 1)).toMatchObject([{ id: left!.id, attempt: 2 }]);
    });
  });

  it("goes on past the last place where the clock is behind it", async () => {
    await withStores(1, async ([store]) => {
      const ahead = (Date.now() + 3_600_000) * 1000;
      const queue = store!.queue("ahead");
      await server.client().xadd("shared:q:{ahead}", `${ahead}-0`, "k", "a");
      await server.client().xdel("shared:q:{ahead}", `${ahead}-0`);
      expect(await queue.append(write, 10)).toBe(ahead + 1);
      expect(await queue.append(write, 10)).toBe(ahead + 2);
    });
  });

  it("keeps nothing pending for ever of what was cut off in the midst of being settled", async () => {
    let isCutting = false;
    await using proxy = await startTcpProxy(server.port, (client, to) => {
      client.on("data", (data) => {
        const [, second] = data.toString("latin1").matchAll(/\*\d+\r\n\$4\r\nx(?:ack|del)\r\n/g);
        if (isCutting && second) to.end(data.subarray(0, second.index));
        else to.write(data);
      });
      to.on("data", (data) => client.write(data));
    });
    const cutOff = over(server.client({ port: proxy.port }), "shared:");
    await withStores(1, async ([store]) => {
      const [queue, other] = [cutOff.queue("cut"), store!.queue("cut")];
      await queue.append(write, 10);
      const [mine] = await queue.receive(10);
      isCutting = true;
      await expect(queue.settle([mine!.id])).rejects.toThrow();
      await expect
        .poll(async () => {
          const left = await other.adopt(0, 10);
          if (left.length > 0) await other.settle(left.map(({ id }) => id));
          return other.isPendingUpTo(mine!.id);
        })
        .toBe(false);
      const [count] = await server.client().xpending("shared:q:{cut}", "writers");
      expect(count).toBe(0);
    });
    await cutOff.close();
  });

  it("is read from its beginning when its group was lost", async () => {
    await withStores(1, async ([store]) => {
      const queue = store!.queue("lost");
      await queue.append(write, 10);
      await queue.receive(10);
      await server.client().xgroup("DESTROY", "shared:q:{lost}", "writers");
      expect(await queue.receive(10)).toEqual([]);
      expect(await queue.receive(10)).toHaveLength(1);
    });
  });

  async function consumers(redis: RedisClient, stream: string): Promise<string[]> {
    const reply = (await redis.xinfo("CONSUMERS", stream, "writers")) as string[][];
    return reply.map(([, name]) => name as string);
  }

  it.each<[string, () => RedisClient]>([
    ["", () => server.client()],
    [", without scripts", () => server.client(WITHOUT_SCRIPTS)],
    [", on a cluster", () => cluster.client()],
    [", on a cluster without scripts", () => cluster.client({ redisOptions: WITHOUT_SCRIPTS })],
  ])("forgets who leaves while nothing is pending%s", async (_where, client) => {
    const [one, other] = [over(client(), "left:"), over(client(), "left:")];
    const [leaving, staying] = [one.queue("left"), other.queue("left")];
    const left = () => consumers(client(), "left:q:{left}");
    await leaving.leave();
    await leaving.append(write, 10);
    await leaving.receive(10);
    await leaving.leave();
    expect(await left()).toHaveLength(1);
    const [adopted] = await staying.adopt(0, 10);
    expect(await left()).toHaveLength(2);
    await staying.settle([adopted!.id]);
    await leaving.leave();
    expect(await left()).toHaveLength(1);
    await staying.leave();
    expect(await left()).toEqual([]);
    await client().del("left:q:{left}");
    await Promise.all([one.close(), other.close()]);
  });

  it("forgets a process whose queue is closed", async () => {
    const cache = createCache({ redis: server.client(), prefix: "closed:" });
    const queue = cache.writeBehind("closed", { write: () => {} });
    await queue.put("a", { ttlSeconds: 60 }, "value");
    await queue.flush();
    expect(await consumers(server.client(), "closed:q:{closed}")).toHaveLength(1);
    await queue.close();
    expect(await consumers(server.client(), "closed:q:{closed}")).toEqual([]);
    await cache.close();
  });

  it("forgets who was not heard of for a day, once nothing is pending", async () => {
    await using lenient = await startRedis({ args: ["--enable-debug-command", "yes"] });
    const redis = lenient.client();
    const stream = "shared:q:{killed}";
    const store = over(lenient.client(), "shared:");
    const queue = store.queue("killed");
    await queue.append(write, 10);
    await queue.append(write, 10);
    await redis.xgroup("CREATECONSUMER", stream, "writers", "killed-long-ago");
    await redis.xgroup("CREATECONSUMER", stream, "writers", "killed-just-now");
    await age(redis, stream, "killed-long-ago", 25);
    await age(redis, stream, "killed-just-now", 23);
    const [a, b] = await queue.receive(10);
    await queue.settle([a!.id]);
    expect(await consumers(redis, stream)).toHaveLength(3);
    await queue.settle([b!.id]);
    await expect.poll(() => consumers(redis, stream)).not.toContain("killed-long-ago");
    expect(await consumers(redis, stream)).toHaveLength(2);
    await store.close();
  });

  /** A dump of the stream has, after the consumer's name, when it was last heard of. */
  async function age(redis: Redis, stream: string, consumer: string, hours: number) {
    const dump = await redis.dumpBuffer(stream);
    dump.writeBigInt64LE(
      BigInt(Date.now() - hours * 3_600_000),
      dump.indexOf(consumer) + consumer.length,
    );
    await redis.call("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", 1);
    await redis.restore(stream, 0, dump, "REPLACE");
  }

  it("leaves no key that lives for ever once it is empty, and none of what was given up", async () => {
    await withStores(1, async ([store]) => {
      const redis = server.client();
      const queue = store!.queue("drained");
      await queue.append(write, 10);
      await queue.append(write, 10);
      expect(await redis.pttl("shared:q:{drained}")).toBe(-1);
      const [a, b] = await queue.receive(10);
      await queue.settle([a!.id]);
      expect(await redis.pttl("shared:q:{drained}")).toBe(-1);
      await queue.bury(b!, "no");
      expect(await redis.pttl("shared:q:{drained}")).toBeGreaterThan(0);
      expect(await redis.pttl("shared:q:{drained}:buried")).toBe(-1);
      await queue.discard((await queue.buried(1))[0]!.id);
      expect(await redis.exists("shared:q:{drained}:buried")).toBe(0);
      await queue.append(write, 10);
      expect(await redis.pttl("shared:q:{drained}")).toBe(-1);
    });
  });
});
