import { afterEach, describe, expect, test, vi } from "vitest";
import { createRedisFromUrl, type RedisClient, redisReady } from "../src/redis.js";
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

function connect(url: string) {
  const problems: string[] = [];
  const recoveries: string[] = [];
  const client = createRedisFromUrl(url, {
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
