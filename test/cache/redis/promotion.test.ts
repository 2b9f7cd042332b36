import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import { openConnection } from "../../../src/cache/redis/connection.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { watchPromotions } from "../../../src/cache/redis/promotion.js";
import { createGate } from "../../support/gate.js";
import { startLink } from "../../support/link.js";
import { createOrigin } from "../../support/origin.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { testCaches } from "../../support/test-caches.js";

const LONG = { timeout: 10_000 };

describe("After a reconnect", () => {
  let server: RedisServer;
  const caches = testCaches(() => ({ redis: server.client() }));
  const { open } = caches;
  const keys = createKeys("cached:");
  const menu = { ttlSeconds: 60, tags: ["menu"] };

  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    await caches.close();
    await server.stop();
  });

  const cut = async () => {
    const admin = server.client();
    const connected = async () => /total_connections_received:(\d+)/.exec(await admin.info())?.[1];
    const before = await connected();
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await expect.poll(connected).not.toBe(before);
  };

  it("to the same server nothing is evicted again, and the log goes on", async () => {
    const cache = open();
    await cache.evictTags(["menu"]);
    await cache.getOrSet("menu", menu, () => "menu");
    const before = await cache.position();
    await cut();
    await expect
      .poll(() => cache.lookup("menu", menu, () => "new").then(({ status }) => status), LONG)
      .toBe("hit");
    await cache.evictTags(["other"]);
    expect(await cache.position()).toEqual({ epoch: before?.epoch, n: (before?.n ?? 0) + 1 });
  });

  it("to a server that came back with an old snapshot, what it lacks is evicted again", async () => {
    const [evictor, other] = [open(), open()];
    await evictor.getOrSet("menu", menu, () => "old");
    await other.getOrSet("order", { ttlSeconds: 60 }, () => "old");
    const admin = server.client();
    await expect.poll(() => admin.exists(keys.tag("menu"), keys.entry("order"))).toBe(2);
    await admin.save();
    expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: true });
    expect(await evictor.delete("order")).toBe(true);
    await server.kill();
    await server.restart();
    // Nobody has done anything meanwhile that would have told the process of an outage.
    expect(await evictor.getOrSet("menu", menu, () => "new")).toBe("new");
    await expect.poll(() => evictor.health(), LONG).toMatchObject({ status: "ok" });
    expect(await other.get("order")).toBeUndefined();
    await expect.poll(() => other.getOrSet("menu", menu, () => "new"), LONG).toBe("new");
    expect(await evictor.get("order")).toBeUndefined();
  });

  it("to a server that came back with leases that had ended, nobody waits for their ends", async () => {
    const cache = open({ leaseSeconds: 600, waitSeconds: 600 });
    const [filled, given] = [createGate(), createGate()];
    const fill = cache.getOrSet("menu", menu, createOrigin("menu", filled).load);
    const failing = cache
      .getOrSet("order", menu, async () => {
        await given.pass();
        throw new Error("no order");
      })
      .catch(({ message }: Error) => message);
    await Promise.all([filled.arrived, given.arrived]);
    await server.client().save();
    filled.open();
    given.open();
    expect(await fill).toBe("menu");
    expect(await failing).toBe("no order");
    // The lease of what failed is given up past the answer.
    await expect.poll(() => cache.lookup("order", menu, () => 1)).toMatchObject({ value: 1 });
    await server.kill();
    await server.restart();

    const ask = (key: string) => cache.lookup(key, menu, () => "after the restart");
    for (const key of ["menu", "order"]) {
      await expect.poll(() => ask(key), LONG).toMatchObject({ status: "hit" });
    }
  });

  it("to a server that came back, what a load of before saw is not taken for newer than its log", async () => {
    const [cache, gate] = [open(), createGate()];
    await cache.evictTags(["other"]);
    await server.client().save();
    for (let n = 0; n < 5; n += 1) await cache.evictTags(["other"]);
    const since = await cache.position();
    await server.kill();
    await server.restart();
    await expect.poll(() => cache.health(), LONG).toMatchObject({ status: "ok" });
    await cache.evictTags(["menu"]);
    const origin = createOrigin("memoised", gate);
    gate.open();
    const answer = await cache.lookup("menu", { ...menu, since }, origin.load);
    expect(answer).toMatchObject({ value: "memoised", status: "bypassed" });
    expect(await cache.get("menu")).toBeUndefined();
  });

  it("to a server that came back, everything is evicted again where it is too much to remember", async () => {
    const cache = open();
    await cache.getOrSet("menu", { ttlSeconds: 60 }, () => "old");
    await server.client().save();
    const many = Array.from({ length: 10_001 }, (_, n) => `tag ${n}`);
    await cache.evictTags(many);
    await server.kill();
    await server.restart();
    await expect.poll(() => cache.health(), LONG).toMatchObject({ status: "ok" });
    expect(await cache.get("menu")).toBeUndefined();
  });
});

it("A server that does not tell who it is serves all the same, and health says what that costs", async () => {
  await using server = await startRedis();
  const admin = server.client();
  await admin.call("ACL", "SETUSER", "app", "on", ">s3cret", "~*", "&*", "+@all", "-info");
  const redis = server.client({ username: "app", password: "s3cret", enableReadyCheck: false });
  const cache = createCache({ redis, commandTimeoutMs: 1000 });
  const menu = { ttlSeconds: 60, tags: ["menu"] };
  await cache.getOrSet("menu", menu, () => "old");
  expect(await cache.lookup("menu", menu, () => "new")).toMatchObject({ status: "hit" });
  expect(await cache.evictTags(["menu"])).toMatchObject({ delivered: true });
  expect(await cache.getOrSet("menu", menu, () => "new")).toBe("new");
  const { status, notes } = await cache.health();
  expect([status, notes]).toEqual(["ok", [expect.stringContaining("INFO must be allowed")]]);
  await cache.close();
});

/** A connection over a network that takes so long, which asks who the server is before its next command. */
async function openSuspicious(commandTimeoutMs: number, delayMs: number) {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const link = await startLink(server.port);
  onTestFinished(() => link[Symbol.asyncDispose]());
  const connection = openConnection(server.client({ port: link.port }), commandTimeoutMs);
  const promotions = watchPromotions(connection, "log", commandTimeoutMs, () => {});
  onTestFinished(() => connection.close());
  await expect.poll(() => promotions.connection.send("ping").then(String)).toBe("PONG");
  const { sendAll } = connection;
  const usedMs: number[] = [];
  connection.sendAll = (commands, used = 0) => {
    usedMs.push(used);
    return sendAll(commands, used);
  };
  link.delay(delayMs);
  promotions.suspect();
  return { send: () => promotions.connection.send("ping"), usedMs };
}

it("A command has its time though this process was stopped while it was asked who the server is", async () => {
  const { send, usedMs } = await openSuspicious(200, 0);
  const sending = send();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  expect(String(await sending)).toBe("PONG");
  expect(usedMs).toEqual([0]);
});

it("Who the server is is asked within the time of the command that waits for it", async () => {
  // Either trip alone would be in time.
  const { send } = await openSuspicious(200, 120);
  await expect(send()).rejects.toThrow("Redis must answer within");
});
