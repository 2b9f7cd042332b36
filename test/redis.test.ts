import type { Redis } from "ioredis";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  createRedisFromUrl,
  firstAttempt,
  type RedisClient,
  type RedisFromUrlOptions,
  RefusedDatabaseError,
  redisReady,
} from "../src/redis.js";
import { freePort } from "./support/free-port.js";
import { startCluster } from "./support/redis-cluster.js";
import { type RedisServer, startRedis } from "./support/redis-server.js";

const servers: RedisServer[] = [];
const clients: RedisClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(options?: Parameters<typeof startRedis>[0]): Promise<RedisServer> {
  const server = await startRedis(options);
  servers.push(server);
  return server;
}

function connect(url: string, options: RedisFromUrlOptions = {}) {
  const problems: string[] = [];
  const recoveries: string[] = [];
  const client = createRedisFromUrl(url, {
    ...options,
    onProblem: (message) => problems.push(message),
    onRecovery: (message) => recoveries.push(message),
  });
  clients.push(client);
  return { client, problems, recoveries };
}

describe("createRedisFromUrl", () => {
  test("connects, with database and password", async () => {
    const server = await start({ args: ["--requirepass", "s3cret"] });
    const { client, problems } = connect(`redis://:s3cret@127.0.0.1:${server.port}/2`);

    expect(await redisReady(client, 5_000)).toBe(true);
    await client.set("greeting", "hello");
    const other = server.client({ password: "s3cret", db: 2 });
    expect(await other.get("greeting")).toBe("hello");
    expect(problems).toEqual([]);
  });

  test("an unreachable server is told once, commands reject, and its coming is told once", async () => {
    const port = await freePort();
    const { client, problems, recoveries } = connect(`redis://me:s3cret@127.0.0.1:${port}`);

    // Three failed attempts to connect, and still one message.
    await attempts(client, 3);
    await expect(client.get("greeting")).rejects.toThrow();
    expect(problems).toEqual([
      `Redis at 127.0.0.1:${port} is out of reach (ECONNREFUSED); trying again until it answers`,
    ]);

    await start({ port, args: ["--user", "me", "on", ">s3cret", "~*", "+@all"] });
    expect(await redisReady(client, 5_000)).toBe(true);
    expect(await client.set("greeting", "hello")).toBe("OK");
    expect(recoveries).toEqual([`Redis at 127.0.0.1:${port} answers again`]);
    expect(problems).toHaveLength(1);
  });

  test("a killed server is told once for each loss, and an unanswered command is not sent again", async () => {
    const server = await start();
    const { client, problems, recoveries } = connect(server.url);
    await redisReady(client, 5_000);

    for (const outages of [1, 2]) {
      server.pause();
      const increment = client.incr("times");
      await Promise.all([expect(increment).rejects.toThrow(), server.kill()]);
      await vi.waitFor(() => expect(problems).toHaveLength(outages));
      await attempts(client, 2);
      await server.restart();
      expect(await redisReady(client, 5_000)).toBe(true);
      expect(recoveries).toHaveLength(outages);
    }
    expect(await client.get("times")).toBeNull();
  });

  test("a paused server makes commands reject within a second or so, and never hang", async () => {
    const server = await start();
    const { client } = connect(server.url);
    await redisReady(client, 5_000);
    server.pause();
    await expect(client.get("greeting")).rejects.toThrow("Command timed out");
    server.resume();
  });

  test("a wrong password is told, without repeating it", async () => {
    const server = await start({ args: ["--requirepass", "right"] });
    const { problems } = connect(`redis://:wr0ng@127.0.0.1:${server.port}`);
    await vi.waitFor(() => expect(problems).toHaveLength(1));
    expect(problems[0]).toMatch(/WRONGPASS/);
    expect(problems[0]).not.toMatch(/wr0ng/);
  });

  test("a list is a cluster, whichever of its nodes answers", async () => {
    await using cluster = await startCluster();
    const gone = `127.0.0.1:${await freePort()}`;
    const { client, problems } = connect(`${cluster.url},${gone}`);
    expect(await redisReady(client, 10_000)).toBe(true);
    await Promise.all(Array.from({ length: 30 }, (_, i) => client.set(`key-${i}`, i)));
    expect(await client.get("key-7")).toBe("7");
    expect(problems).toEqual([]);
  });

  test("sentinels tell where the master is", async () => {
    const master = await start();
    const sentinel = await startSentinel(master.port);
    const { client, problems } = connect(`redis+sentinel://127.0.0.1:${sentinel.port}/main?db=1`);
    expect(await redisReady(client, 10_000)).toBe(true);
    await client.set("greeting", "hello");
    expect(await master.client({ db: 1 }).get("greeting")).toBe("hello");
    expect(problems).toEqual([]);
  });

  test("a hung server is told once, by the client itself, and its recovery is told once", async () => {
    const server = await start();
    const { client, problems, recoveries } = connect(server.url, { commandTimeoutMs: 100 });
    await redisReady(client, 5_000);
    server.pause();
    await expect(client.get("greeting")).rejects.toThrow("Command timed out");
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 5_000 });
    expect(problems[0]).toMatch(/out of reach \(Socket timeout/);
    await attempts(client, 2);
    server.resume();
    await vi.waitFor(() => expect(recoveries).toHaveLength(1), { timeout: 5_000 });
    expect(problems).toHaveLength(1);
  });

  describe("a database the server does not have", () => {
    const places: [string, () => Promise<{ url: string; server: RedisServer }>][] = [
      [
        "of a single server",
        async () => {
          const server = await start();
          return { server, url: `${server.url}/99` };
        },
      ],
      [
        "of a master under sentinels",
        async () => {
          const server = await start();
          const sentinel = await startSentinel(server.port);
          return { server, url: `redis+sentinel://127.0.0.1:${sentinel.port}/main?db=99` };
        },
      ],
    ];
    test.each(places)("%s is told, and never is another written to", async (_where, place) => {
      const { server, url } = await place();
      const { client, problems } = connect(url);
      await expect(firstAttempt(client, 10_000)).rejects.toThrow(
        "REDIS_URL must name a database that the server has and lets its user choose, but it refused number 99 (ERR DB index is out of range)",
      );
      const copy = (client as Redis).duplicate({ enableOfflineQueue: true });
      copy.on("error", () => {});
      clients.push(copy);
      const isReady = vi.fn();
      for (const one of [client, copy]) one.on("ready", isReady);
      const writes = [client, copy].map((one) => one.set("greeting", "hello"));
      await Promise.all([
        ...writes.map((write) => expect(write).rejects.toThrow()),
        attempts(client, 3),
      ]);
      expect(isReady).not.toHaveBeenCalled();
      expect(await server.client().keys("*")).toEqual([]);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain("DB index is out of range");
    });

    test("is a RefusedDatabaseError, also where its user may not choose one", async () => {
      const server = await start({ args: ["--user", "me", "on", ">pw", "~*", "+@all", "-select"] });
      const { client } = connect(`redis://me:pw@127.0.0.1:${server.port}/1`);
      await expect(firstAttempt(client, 10_000)).rejects.toThrow(RefusedDatabaseError);
    });
  });

  test("the first attempt is over when the server refuses the connection, and when it hangs", async () => {
    await firstAttempt(connect(`redis://127.0.0.1:${await freePort()}`).client, 60_000);
    const server = await start();
    server.pause();
    const { client } = connect(server.url);
    await firstAttempt(client, 20);
    expect(client.status).not.toBe("ready");
    server.resume();
  });

  test("redisReady gives up on a server that does not come", async () => {
    const { client } = connect(`redis://127.0.0.1:${await freePort()}`);
    expect(await redisReady(client, 20)).toBe(false);
  });
});

function startSentinel(masterPort: number): Promise<RedisServer> {
  return start({
    config: `sentinel monitor main 127.0.0.1 ${masterPort} 1\n`,
    args: ["--sentinel"],
  });
}

/** Resolves when the client has tried to reconnect `count` times more. */
function attempts(client: RedisClient, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    client.on("reconnecting", () => {
      left -= 1;
      if (left === 0) resolve();
    });
  });
}
