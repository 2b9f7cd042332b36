import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  counts,
  createRedisStorage,
  InvalidStorageValueError,
  NotUniqueError,
  StorageError,
  StorageUnavailableError,
  text,
} from "../../src/storage/index.js";
import { startCluster } from "../support/redis-cluster.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";

describe("storage on Redis", () => {
  let server: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    server = await startRedis();
    admin = server.client();
  });
  afterAll(() => server.stop());

  test("writes nothing outside its prefix, and every key with a ttl expires", async () => {
    const storage = createRedisStorage({ redis: server.client(), prefix: "shop:s:" });
    await storage.hash("note", { body: text() }, { ttlSeconds: 60 }).save("a", { body: "x" });
    await storage.sortedSet("ranking", { ttlSeconds: 60 }).increment("a");
    await storage.sortedSet("ranking", { id: "b", ttlSeconds: 60 }).increment("a");
    await storage.counter("attempt", { ttlSeconds: 60 }).increment("a");
    const keys = (await admin.keys("*")).sort();
    expect(keys).toEqual([
      "shop:s:attempt:a",
      "shop:s:note:a",
      "shop:s:ranking",
      "shop:s:ranking:b",
    ]);
    for (const key of keys) expect(await admin.pttl(key)).toBeGreaterThan(0);
  });

  test.each(["commandTimeoutMs", "pauseMs"])("refuses a %s that is none", (option) => {
    const redis = server.client();
    for (const ms of [-1, Number.NaN, "500"]) {
      expect(() => createRedisStorage({ redis, [option]: ms })).toThrow(InvalidStorageValueError);
    }
  });

  test("made again and again, leaves no more on its client than once", async () => {
    const redis = server.client();
    const makeAndUse = async () => {
      const storage = createRedisStorage({ redis });
      await storage.counter("attempt", { ttlSeconds: 60 }).increment("a");
    };
    const listeners = () => ["close", "ready"].map((event) => redis.listenerCount(event));
    await makeAndUse();
    const before = listeners();
    for (let time = 0; time < 20; time += 1) await makeAndUse();
    expect(listeners()).toEqual(before);
  });

  test("refuses an option that it does not know", () => {
    const misspelt = { redis: server.client(), prefiks: "shop:" };
    expect(() => createRedisStorage(misspelt)).toThrow('"prefiks" is not one of them');
  });

  test("a record with indexes lives in one slot with them, and nothing of it is left but until its life is over", async () => {
    const storage = createRedisStorage({ redis: server.client(), prefix: "indexed:" });
    const options = { ttlSeconds: 60, indexes: { email: "unique", city: "index" } } as const;
    const users = storage.hash("user", { email: text(), city: text() }, options);
    for (let i = 0; i < 200; i += 1) {
      await users.save(`u${i}`, { email: `${i}@example.org`, city: "Bari" });
    }
    const keys = await admin.keys("indexed:*");
    expect(keys).toHaveLength(200 + 200 + 1);
    for (const key of keys) {
      expect(key).toMatch(/^indexed:\{user\}[:#]/);
      const life = await admin.pttl(key);
      expect(life).toBeGreaterThan(0);
      expect(life).toBeLessThanOrEqual(60_000);
    }
    // Of records that go without a word the index keeps no more than of those that come.
    const index = keys.find((key) => key.includes("#city"))!;
    for (let i = 0; i < 200; i += 1) await admin.del(`indexed:{user}:u${i}`);
    for (let i = 0; i < 150; i += 1) {
      await users.save(`v${i}`, { email: `v${i}@example.org`, city: "Bari" });
    }
    expect(await admin.zcard(index)).toBeLessThan(250);
    expect((await users.find("city", "Bari", { first: 1_000 })).map(({ id }) => id)).toHaveLength(
      150,
    );
    expect(await admin.zcard(index)).toBe(150);
    for (let i = 0; i < 150; i += 1) await users.delete(`v${i}`);
    expect((await admin.keys("indexed:*")).filter((key) => !key.includes("#email"))).toEqual([]);
  });

  test("the index of a value that a change brings in ends with the record", async () => {
    const storage = createRedisStorage({ redis: server.client(), prefix: "moved:" });
    const options = { ttlSeconds: 60, indexes: { city: "index" } } as const;
    const users = storage.hash("user", { city: text() }, options);
    await users.save("a", { city: "Bari" });
    await users.update("a", { city: "Lecce" });
    const keys = await admin.keys("moved:*");
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(await admin.pttl(key)).toBeGreaterThan(0);
  });

  test("a client's own prefix stands before the keys of indexes as well", async () => {
    const redis = server.client({ keyPrefix: "app:" });
    const options = { indexes: { email: "unique", city: "index" } } as const;
    const storage = createRedisStorage({ redis, prefix: "shop:" });
    const users = storage.hash("user", { email: text(), city: text() }, options);
    const ada = { email: "ada@example.org", city: "Bari" };
    await users.create("1", ada);
    expect(await users.find("city", "Bari")).toEqual([{ id: "1", values: ada }]);
    await expect(users.create("2", ada)).rejects.toThrow(NotUniqueError);
    const keys = await admin.keys("*shop:{user}*");
    expect(keys.filter((key) => key.startsWith("app:"))).toHaveLength(3);
    expect(keys).toHaveLength(3);
    await users.delete("1");
    expect(await admin.keys("*shop:{user}*")).toEqual([]);
  });

  test("a server that forgot its scripts is given them again", async () => {
    const notes = createRedisStorage({ redis: server.client() }).hash("note", { body: text() });
    await notes.save("a", { body: "x" });
    await admin.script("FLUSH");
    expect(await notes.update("a", { body: "y" })).toEqual({ body: "y" });
  });

  test("a key of another type is an error of its own, and no outage", async () => {
    const storage = createRedisStorage({ redis: server.client(), prefix: "wrong:" });
    await admin.set("wrong:note:a", "text");
    const notes = storage.hash("note", { body: text() });
    const error = await notes.get("a").catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).not.toBeInstanceOf(StorageUnavailableError);
    expect(await notes.get("b")).toBeUndefined();
  });
});

test("an error of this process is told as such, and is no outage", async () => {
  await using server = await startRedis();
  const redis = server.client();
  const notes = createRedisStorage({ redis }).hash("note", { body: text() });
  await notes.save("a", { body: "x" });
  vi.spyOn(redis, "hgetall").mockImplementationOnce(() => {
    throw new RangeError("Maximum call stack size exceeded");
  });
  const error = await notes.get("a").catch((thrown) => thrown);
  expect(error).toBeInstanceOf(StorageError);
  expect(error).not.toBeInstanceOf(StorageUnavailableError);
  expect(await notes.get("a")).toEqual({ body: "x" });
});

/** As the storage asks for. */
const withoutQueues = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false };

test("every operation runs on a cluster, wherever its key is", async () => {
  await using cluster = await startCluster();
  const storage = createRedisStorage({ redis: cluster.client() });
  const notes = storage.hash("note", { body: text(), marks: counts() }, { ttlSeconds: 60 });
  const attempts = storage.counter("attempt", { ttlSeconds: 60 });
  for (let i = 0; i < 20; i += 1) {
    const id = `id-${i}`;
    await notes.save(id, { body: "x" });
    await notes.change(id, { counts: { marks: { add: new Map([["a", i + 1]]) } } });
    expect(await notes.get(id)).toEqual({ body: "x", marks: new Map([["a", i + 1]]) });
    const ranking = storage.sortedSet("ranking", { id });
    await ranking.raise(
      new Map([
        ["a", i],
        ["b", -1],
      ]),
      { trimTo: 1 },
    );
    expect(await ranking.top(5)).toEqual([{ member: "a", score: i }]);
    expect((await attempts.increment(id)).value).toBe(1);
    expect(await notes.delete(id)).toBe(true);
  }
  await Promise.all(cluster.masters.map((master) => master.kill()));
  for (const id of ["id-1", "id-2", "id-3"]) {
    await expect(notes.get(id)).rejects.toBeInstanceOf(StorageUnavailableError);
  }
});

describe("storage on a Redis that fails", () => {
  test("a default client, which would queue commands for minutes, fails typed and soon as well", async () => {
    await using server = await startRedis();
    const storage = createRedisStorage({ redis: server.client(), commandTimeoutMs: 200 });
    const notes = storage.hash("note", { body: text() });
    await notes.save("a", { body: "x" });
    await server.kill();
    await expect(notes.get("a")).rejects.toMatchObject({ code: "E_STORAGE_UNAVAILABLE" });
    await expect(notes.get("a")).rejects.toBeInstanceOf(StorageUnavailableError);
  });

  test("what was refused is not done after all when the server is back", async () => {
    await using server = await startRedis();
    const redis = server.client(withoutQueues);
    const storage = createRedisStorage({ redis, commandTimeoutMs: 200 });
    const notes = storage.hash("note", { body: text() });
    await notes.save("a", { body: "x" });

    await server.kill();
    const attempts = await Promise.allSettled([
      notes.get("a"),
      notes.save("late", { body: "x" }),
      notes.save("late", { body: "y" }),
    ]);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ reason: { code: "E_STORAGE_UNAVAILABLE" } });
    }

    await server.restart();
    await vi.waitFor(() => notes.save("b", { body: "y" }), { timeout: 5_000 });
    expect(await notes.get("late")).toBeUndefined();
  });

  test("a short break goes unnoticed by whoever can wait", async () => {
    await using server = await startRedis();
    const redis = server.client(withoutQueues);
    const notes = createRedisStorage({ redis, commandTimeoutMs: 10_000 }).hash("note", {
      body: text(),
    });
    await notes.save("a", { body: "x" });
    await server.kill();
    await vi.waitFor(() => expect(redis.status).not.toBe("ready"));
    const reading = notes.get("a");
    await server.restart();
    expect(await reading).toBeUndefined();
  });

  test("a server that stops answering is left alone after the first failure, then tried by one command", async () => {
    await using server = await startRedis();
    const redis = server.client();
    const options = { redis, commandTimeoutMs: 100, pauseMs: 200 };
    const notes = createRedisStorage(options).hash("note", { body: text() });
    await notes.save("a", { body: "x" });
    const sent = vi.spyOn(redis, "hgetall");

    server.pause();
    await expect(notes.get("a")).rejects.toBeInstanceOf(StorageUnavailableError);
    await expect(notes.get("a")).rejects.toThrow("just failed");
    expect(sent).toHaveBeenCalledTimes(1);

    await vi.waitFor(() => expect(attempt()).resolves.toBe("no answer"), { timeout: 2_000 });
    expect(sent).toHaveBeenCalledTimes(2);

    server.resume();
    await vi.waitFor(() => notes.get("a"), { timeout: 2_000 });

    async function attempt(): Promise<string> {
      const both = await Promise.allSettled([notes.get("a"), notes.get("a")]);
      const reasons = both.map((one) =>
        one.status === "rejected" ? String(one.reason) : "answer",
      );
      if (reasons.some((reason) => reason === "answer")) return "answer";
      return reasons.some((reason) => reason.includes("no answer")) ? "no answer" : "left alone";
    }
  });

  test("a master of a cluster that stops answering keeps nobody from what lies on the others", async () => {
    await using cluster = await startCluster();
    const redis = cluster.client();
    const options = { redis, commandTimeoutMs: 200, pauseMs: 60_000 };
    const notes = createRedisStorage(options).hash("note", { body: text() });
    const ids = Array.from({ length: 30 }, (_, i) => `id-${i}`);
    for (const id of ids) await notes.save(id, { body: id });
    const [paused] = cluster.masters;
    paused!.pause();
    const isServed = async (id: string) => {
      const [read] = await Promise.allSettled([notes.get(id)]);
      return read.status === "fulfilled" && read.value?.body === id;
    };
    const readAll = async () => {
      const served: string[] = [];
      for (const id of ids) if (await isServed(id)) served.push(id);
      return served;
    };
    const served = await readAll();
    expect(served.length).toBeGreaterThan(0);
    expect(served.length).toBeLessThan(ids.length);
    // What is on the paused one is refused at once by now.
    const sent = vi.spyOn(redis, "hgetall");
    expect(await readAll()).toEqual(served);
    expect(sent).toHaveBeenCalledTimes(served.length);
    paused!.resume();
  });

  test("a server that refuses writes is unavailable, and its error shows no value", async () => {
    await using server = await startRedis({
      args: ["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"],
    });
    const notes = createRedisStorage({ redis: server.client() }).hash("note", { body: text() });
    await notes.get("a");
    await server.client().config("SET", "maxmemory", "1");
    const error = await notes.save("a", { body: "s3cret" }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(error.cause).toBeInstanceOf(Error);
    expect(JSON.stringify({ ...error, cause: { ...error.cause } })).not.toContain("s3cret");
    expect(error.message).not.toContain("s3cret");
  });

  test.each([undefined, "redis://127.0.0.1:6379", {}])(
    "%j is refused in the place of a client",
    (redis) => {
      expect(() => createRedisStorage({ redis: redis as never })).toThrow(
        new InvalidStorageValueError(
          "createRedisStorage must be given an ioredis client (Redis or Cluster) as `redis`.",
        ),
      );
    },
  );

  test("a closed client is refused at once", async () => {
    await using server = await startRedis();
    const redis = server.client();
    const notes = createRedisStorage({ redis }).hash("note", { body: text() });
    await notes.get("a");
    redis.disconnect();
    await vi.waitFor(() => expect(redis.status).toBe("end"));
    await expect(notes.get("a")).rejects.toThrow("the client was closed");
  });
});
