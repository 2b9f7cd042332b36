import { Cluster, Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { UnsupportedStoreError } from "../../../src/cache/errors.js";
import type { RedisClient } from "../../../src/cache/redis/client.js";
import { duplicate } from "../../../src/cache/redis/duplicate.js";
import { startCluster } from "../../support/redis-cluster.js";
import { type ClientOptions, type RedisServer, startRedis } from "../../support/redis-server.js";

let server: RedisServer;
const clients: RedisClient[] = [];

beforeAll(async () => {
  server = await startRedis({ args: ["--requirepass", "s3cret"] });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

afterAll(() => server.stop());

function keep<Client extends RedisClient>(client: Client): Client {
  client.on("error", () => {});
  clients.push(client);
  return client;
}

/** A client of the server, as a user may have set it up. */
function given(options: ClientOptions = {}): Redis {
  const address = { host: "127.0.0.1", port: server.port, password: "s3cret" };
  return keep(new Redis({ ...address, ...options }));
}

describe("our connection", () => {
  test("goes where the user's goes, and never closes it", async () => {
    const user = given({ db: 3, keyPrefix: "theirs:" });
    const own = keep(duplicate(user));
    await ready(own);
    await own.set("name", "ours");
    expect(await own.get("name")).toBe("ours");
    // In the user's database, and without the user's prefix.
    expect(await user.get("name")).toBeNull();
    expect(await given({ db: 3 }).get("name")).toBe("ours");
    own.disconnect();
    expect(await user.ping()).toBe("PONG");
  });

  test("comes up even if the user's is lazy", async () => {
    const user = given({ lazyConnect: true });
    await ready(keep(duplicate(user)));
    expect(user.status).toBe("wait");
  });

  test("queues nothing for a server that is away: commands reject at once", async () => {
    const own = keep(duplicate(given({ lazyConnect: true, port: 1 })));
    await expect(own.get("name")).rejects.toThrow("Stream isn't writeable");
  });

  test("does not send again what a lost connection left unanswered", async () => {
    const user = given();
    const own = keep(duplicate(user)) as Redis;
    await ready(own);
    const id = await own.client("ID");
    const waiting = own.blpop("nothing", 0);
    const lost = expect(waiting).rejects.toThrow();
    await user.client("KILL", "ID", id);
    await lost;
    await ready(own);
    expect(await user.client("LIST")).not.toContain("cmd=blpop");
  });

  test("has no time limit of the user's, since it keeps its own", () => {
    const own = keep(duplicate(given({ commandTimeout: 5, lazyConnect: true }))) as Redis;
    expect(own.options.commandTimeout).toBeUndefined();
  });

  test("gets replies as the server gives them, whatever the user's makes of them", async () => {
    // A user's types may say "legacy" alone, which the client does not know of.
    const mapping = { replyMapping: "resp3" } as ClientOptions;
    const own = keep(duplicate(given({ stringNumbers: true, ...mapping }))) as Redis;
    await ready(own);
    expect(await own.callBuffer("incr", ["counter"])).toBe(1);
    await own.xadd("stream", "1-0", "field", "value");
    const pair = [Buffer.from("field"), Buffer.from("value")];
    expect(await own.callBuffer("xread", ["STREAMS", "stream", "0"])).toEqual([
      [Buffer.from("stream"), [[Buffer.from("1-0"), pair]]],
    ]);
  });

  test("stays connected when a command is refused, whatever the user's would do", async () => {
    const own = keep(duplicate(given({ reconnectOnError: () => true }))) as Redis;
    await ready(own);
    const id = await own.client("ID");
    await expect(own.evalsha("0".repeat(40), 0)).rejects.toThrow("NOSCRIPT");
    expect(own.status).toBe("ready");
    expect(await own.client("ID")).toBe(id);
  });

  test("tries again within a quarter of a second, however often it failed", () => {
    const own = keep(duplicate(given({ lazyConnect: true, retryStrategy: () => null }))) as Redis;
    const delays = [1, 2, 3, 4, 10, 1_000].map((attempt) => own.options.retryStrategy?.(attempt));
    expect(delays).toEqual([50, 100, 200, 250, 250, 250]);
  });

  test("subscribes anew by itself only where it is no subscriber of ours", () => {
    const user = given({ lazyConnect: true });
    expect((keep(duplicate(user)) as Redis).options.autoResubscribe).toBe(true);
    const subscriber = keep(duplicate(user, { subscriber: true })) as Redis;
    expect(subscriber.options.autoResubscribe).toBe(false);
  });

  test("to a cluster does not wait for a node that hangs before it is ready", async () => {
    await using cluster = await startCluster({ nodeTimeoutMs: 60_000 });
    const own = keep(duplicate(cluster.client()));
    // It knows the nodes, and asks one of them next.
    own.once("refresh", () => {
      for (const master of cluster.masters) master.pause();
    });
    await new Promise((resolve) => own.once("close", resolve));
    for (const master of cluster.masters) master.resume();
    await ready(own);
  });

  test("to a cluster keeps the user's way of signing in", () => {
    const user = keep(
      new Cluster([{ host: "127.0.0.1", port: 1 }], {
        lazyConnect: true,
        keyPrefix: "theirs:",
        redisOptions: { password: "s3cret" },
      }),
    );
    const own = keep(duplicate(user)) as Cluster;
    expect(own.options.keyPrefix).toBe("");
    expect(own.options.clusterRetryStrategy?.(1_000)).toBe(250);
    expect(own.options.redisOptions).toMatchObject({
      password: "s3cret",
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
    });
  });
});

describe("a client that reads from replicas is refused", () => {
  const must =
    "The Redis client must read from masters, since an eviction reaches replicas late, but it reads from:";

  function expectRefused(client: RedisClient, from: string): void {
    const attempt = () => keep(duplicate(client));
    expect(attempt).toThrow(UnsupportedStoreError);
    expect(attempt).toThrow(`${must} ${from}`);
  }

  test("of a single server, or through Sentinel", () => {
    expectRefused(given({ lazyConnect: true, readOnly: true }), "slave");
    expectRefused(given({ lazyConnect: true, role: "slave" }), "slave");
  });

  test.each(["slave", "all"] as const)("of a cluster, reading from %s", (scaleReads) => {
    expectRefused(keep(new Cluster([{ port: 1 }], { lazyConnect: true, scaleReads })), scaleReads);
  });

  test("of a cluster, by a function of its own", () => {
    const scaleReads = (nodes: Redis[]) => nodes[0] as Redis;
    expectRefused(keep(new Cluster([{ port: 1 }], { lazyConnect: true, scaleReads })), "");
  });

  test("and one that reads from masters is not", () => {
    const client = keep(new Cluster([{ port: 1 }], { lazyConnect: true, scaleReads: "master" }));
    expect(() => keep(duplicate(client))).not.toThrow();
  });
});

function ready(client: RedisClient): Promise<void> {
  return client.status === "ready"
    ? Promise.resolve()
    : new Promise((resolve) => client.once("ready", () => resolve()));
}
