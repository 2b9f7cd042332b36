import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { StoreUnavailableError } from "../../../src/cache/errors.js";
import { type Connection, openConnection } from "../../../src/cache/redis/connection.js";
import { Fetch } from "../../../src/cache/redis/fetch.js";
import { type CountingProxy, startCountingProxy } from "../../support/counting-proxy.js";
import { startLink } from "../../support/link.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

let server: RedisServer;
let redis: Redis;
let proxy: CountingProxy;
let connection: Connection;

beforeAll(async () => {
  server = await startRedis();
  redis = server.client();
  proxy = await startCountingProxy(server.port);
  connection = openConnection(server.client({ port: Number(new URL(proxy.url).port) }), 2_000);
  await connection.send("ping");
  await untilQuiet();
});

afterEach(() => redis.flushall());

afterAll(async () => {
  connection.close();
  await proxy[Symbol.asyncDispose]();
  await server.stop();
});

/** The connection prepares itself at connect; what a test counts must come after that. */
async function untilQuiet(): Promise<void> {
  let seen = -1;
  while (seen !== proxy.trips.length) {
    seen = proxy.trips.length;
    await connection.send("ping");
    await new Promise((resolve) => setTimeout(resolve, 20));
    seen += 1;
  }
}

function textAt(fetch: Fetch, place: number): string | undefined {
  return fetch.reply(place)?.toString();
}

describe("a fetch", () => {
  test("gives each name's bytes at its place, and null for absent ones", async () => {
    await redis.mset("a", "A", "c", "C");
    const fetch = new Fetch(connection);
    const places = ["a", "b", "c"].map((name) => fetch.ask(name));
    await fetch.run();
    expect(places.map((place) => textAt(fetch, place))).toEqual(["A", undefined, "C"]);
    expect(fetch.reply(places[1] as number)).toBeNull();
  });

  test("of more names than a call may have arguments gives them all", async () => {
    const fetch = new Fetch(connection);
    for (let id = 0; id < 150_000; id += 1) fetch.ask("absent");
    await redis.set("last", "Z");
    const last = fetch.ask("last");
    await fetch.run();
    expect(textAt(fetch, last)).toBe("Z");
  });

  test("takes one round trip, for thousands of names as well", async () => {
    const names = Array.from({ length: 2_000 }, (_, index) => `name${index}`);
    await redis.mset(names.flatMap((name) => [name, `${name}'s bytes`]));
    const fetch = new Fetch(connection);
    const places = names.map((name) => fetch.ask(name));
    proxy.trips.length = 0;
    await fetch.run();
    expect(proxy.trips).toHaveLength(1);
    expect(places.map((place) => textAt(fetch, place))).toEqual(
      names.map((name) => `${name}'s bytes`),
    );
  });

  test("asks in a second run for what came after the first, and for nothing again", async () => {
    await redis.mset("a", "A", "b", "B");
    const fetch = new Fetch(connection);
    const a = fetch.ask("a");
    expect([fetch.isOpen, fetch.has(a)]).toEqual([true, false]);
    await fetch.run();
    expect([fetch.isOpen, fetch.has(a)]).toEqual([false, true]);

    const b = fetch.ask("b");
    expect([fetch.isOpen, fetch.has(b), fetch.has(a)]).toEqual([true, false, true]);
    await redis.set("a", "changed");
    await fetch.run();
    expect([textAt(fetch, a), textAt(fetch, b)]).toEqual(["A", "B"]);
    expect(fetch.isOpen).toBe(false);
  });

  test("finds nothing under a name of another type than ours", async () => {
    await redis.set("before", "B");
    await redis.hset("hash", "field", "1");
    await redis.set("after", "A");
    const fetch = new Fetch(connection);
    const places = ["before", "hash", "after"].map((name) => fetch.ask(name));
    await fetch.run();
    expect(places.map((place) => textAt(fetch, place))).toEqual(["B", undefined, "A"]);
  });

  test.each([
    ["this process was stopped in", 0, 1, 500],
    ["thousands of names shared", 350, 2_000, 0],
  ])(
    "has its time left for a second run after a first one that %s",
    async (_, delayMs, count, stoppedMs) => {
      await using link = await startLink(server.port);
      const far = openConnection(server.client({ port: link.port }), 300);
      await expect.poll(() => far.send("ping").then(String)).toBe("PONG");
      const fetch = new Fetch(far);
      for (let id = 0; id < count; id += 1) fetch.ask("a");
      link.delay(delayMs);
      const first = fetch.run();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stoppedMs);
      await first;
      link.delay(30);
      await redis.set("b", "B");
      const b = fetch.ask("b");
      await fetch.run();
      expect(textAt(fetch, b)).toBe("B");
      far.close();
    },
  );

  test("has one time limit for all its runs", async () => {
    await using link = await startLink(server.port);
    const far = openConnection(server.client({ port: link.port }), 300);
    await expect.poll(() => far.send("ping").then(String)).toBe("PONG");
    // Either run alone would be in time.
    link.delay(200);
    const fetch = new Fetch(far);
    fetch.ask("a");
    const both = fetch.run().then(() => {
      fetch.ask("b");
      return fetch.run();
    });
    await expect(both).rejects.toThrow("Redis must answer within");
    far.close();
  });

  test("rejects when the store is out of reach", async () => {
    const slow = openConnection(redis, 100);
    await slow.send("ping");
    const fetch = new Fetch(slow);
    fetch.ask("a");
    server.pause();
    try {
      await expect(fetch.run()).rejects.toThrow(StoreUnavailableError);
    } finally {
      server.resume();
      slow.close();
    }
  });
});
