import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { StoreUnavailableError } from "../../../src/cache/errors.js";
import { createCache } from "../../../src/cache/index.js";
import type { RedisClient } from "../../../src/cache/redis/client.js";
import { type Connection, evaluate, openConnection } from "../../../src/cache/redis/connection.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { scripts } from "../../../src/cache/redis/scripts.js";
import { keySlot } from "../../../src/key-slot.js";
import { createGate } from "../../support/gate.js";
import { createOrigin } from "../../support/origin.js";
import type { RedisCluster } from "../../support/redis-cluster.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { beginMove } from "../../support/slot-move.js";
import { startBoth, WITHOUT_SCRIPTS, WITHOUT_SCRIPTS_ARGS } from "../../support/without-scripts.js";
import { testCache } from "../cache-conformance.js";
import { testStore } from "../store-conformance.js";

let server: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, cluster] = await startBoth();
});
afterAll(() => Promise.all([server.stop(), cluster.stop()]));

const single = () => server.client(WITHOUT_SCRIPTS);
const masters = () => cluster.client({ redisOptions: WITHOUT_SCRIPTS });

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

describe("a server that refuses scripts", () => {
  const opened: Connection[] = [];
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.close();
  });

  function open(redis: RedisClient): Connection {
    const connection = openConnection(redis, 2000);
    opened.push(connection);
    return connection;
  }

  const claim = (tag: string) => evaluate(scripts.claimTag, [tag], "nonce-01c", 60_000);

  test("is told apart before the first command, noted, and never sent one", async () => {
    const connection = open(single());
    expect(String(await connection.send(...claim("a")))).toBe("nonce-01c");
    expect(connection.note).toMatch(/^Redis refuses scripts to this user: /);
    expect(connection.problem).toBeUndefined();
    const stats = await server.client().info("commandstats");
    expect(stats).not.toMatch(/cmdstat_eval(sha)?:calls=[1-9]/);
  });

  test("carries out a batch of more commands than a call has room for arguments", async () => {
    const connection = open(single());
    await connection.send(...claim("b"));
    const replies = await connection.sendAll(Array.from({ length: 200_000 }, () => ["get", "b"]));
    expect(replies).toHaveLength(200_000);
    expect(String(replies.at(-1))).toBe("nonce-01c");
  });

  test("tells the position that tags were evicted at together behind all of them", async () => {
    const store = storeOver(single());
    await store.evict(["the first"]);
    const messages: string[] = [];
    const subscriber = server.client();
    await subscriber.subscribe("conformance:evictions");
    subscriber.on("message", (_channel, message) => messages.push(message));
    const { position } = await store.evict(["a", "b", "c"]);
    const { epoch, n } = position;
    const head = `${epoch.toString(16).padStart(8, "0")}:${n}`;
    await expect.poll(() => messages).toEqual([" a", " b", `${head} c`]);
    await store.close();
  });

  test("may have renamed them away", async () => {
    await using renamed = await startRedis({ args: ["--rename-command", "EVALSHA", ""] });
    const connection = open(renamed.client());
    expect(String(await connection.send(...claim("a")))).toBe("nonce-01c");
    expect(connection.note).toBeDefined();
  });

  test("may refuse to keep them and still run them", async () => {
    await using forgetful = await startRedis({ args: ["--rename-command", "SCRIPT", ""] });
    const connection = open(forgetful.client());
    expect(String(await connection.send(...claim("a")))).toBe("nonce-01c");
    expect(connection.note).toBeUndefined();
  });

  test("may begin and cease to refuse them while we are connected", async () => {
    await using strict = await startRedis({ args: [...WITHOUT_SCRIPTS_ARGS, "+@scripting"] });
    const admin = strict.client();
    const connection = open(strict.client(WITHOUT_SCRIPTS));
    await connection.send(...claim("a"));
    expect(connection.note).toBeUndefined();
    await admin.call("ACL", "SETUSER", "app", "-@scripting");
    await expect(connection.send(...claim("b"))).rejects.toThrow(StoreUnavailableError);
    expect(String(await connection.send(...claim("b")))).toBe("nonce-01c");
    expect(connection.note).toBeDefined();
    await admin.call("ACL", "SETUSER", "app", "+@scripting");
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await expect
      .poll(() => connection.send(...claim("c")).then(() => connection.note))
      .toBe(undefined);
  });

  test("is given a version in the place of somebody else's key", async () => {
    const connection = open(single());
    await server.client().rpush("other", "not ours");
    expect(String(await connection.send(...claim("other")))).toBe("nonce-01c");
    expect(String(await connection.send("get", "other"))).toBe("nonce-01c");
  });

  test("is left alone by a transaction whose time is up", async () => {
    const connection = openConnection(single(), 300);
    opened.push(connection);
    await connection.send(...claim("early"));
    server.pause();
    try {
      await expect(connection.send(...claim("late"))).rejects.toThrow(StoreUnavailableError);
    } finally {
      server.resume();
    }
    // Its look may still be answered: its write would follow a round trip later.
    for (let trip = 0; trip < 5; trip += 1) await connection.send("ping");
    expect(await connection.send("exists", "late")).toBe(0);
  });
});

test("Processes with and without scripts share fills and evictions", async () => {
  const caches = [single(), server.client()].map((redis) =>
    createCache({ redis, prefix: "mixed:", commandTimeoutMs: 2000 }),
  );
  try {
    for (const evictor of caches) {
      const gate = createGate();
      const origin = createOrigin("menu", gate);
      const options = { ttlSeconds: 60, tags: ["menu"] };
      const answers = caches.map((cache) => cache.getOrSet("menu", options, origin.load));
      await gate.arrived;
      gate.open();
      expect(await Promise.all(answers)).toEqual(["menu", "menu"]);
      expect(origin.loads).toBe(1);
      expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: true });
      for (const cache of caches) expect(await cache.get("menu")).toBeUndefined();
    }
  } finally {
    await Promise.all(caches.map((cache) => cache.close()));
  }
});

describe("a cluster whose slots move", () => {
  const leased = (key: string) =>
    evaluate(scripts.takeLease, [key], "token-01", 60_000, Buffer.alloc(10), "", 0);

  /** How many keys each master has in the slot of a key, the most first. */
  async function keysInSlotOf(key: string): Promise<number[]> {
    const counts = cluster.masters.map((master) =>
      master.client().cluster("COUNTKEYSINSLOT", keySlot(key)),
    );
    return (await Promise.all(counts)).sort((one, other) => other - one);
  }

  test("is followed, key by key and then for good", async () => {
    const [here, there] = ["{moving}here", "{moving}there"];
    const connection = openConnection(masters(), 2000);
    try {
      expect(await connection.send(...leased(here))).toBe(1);
      const move = await beginMove(cluster, here);

      // What is still at the source is served there, and what is not, at the target.
      expect(await connection.send(...leased(here))).toBe(0);
      expect(await connection.send(...leased(there))).toBe(1);
      expect(await keysInSlotOf(here)).toEqual([1, 1, 0]);
      const seenByToken = evaluate(scripts.renewLease, [there], "token-01", 60_000);
      expect(await connection.send(...seenByToken)).toBe(1);

      await move.end();
      expect(await keysInSlotOf(here)).toEqual([2, 0, 0]);
      for (const key of [here, there]) {
        const deletion = evaluate(scripts.deleteEntry, [key], "wake");
        expect(await connection.send(...deletion)).toBe(1);
      }
    } finally {
      connection.close();
    }
  });
});
