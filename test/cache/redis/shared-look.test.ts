import { afterEach, describe, expect, test } from "vitest";
import type { Command, Connection } from "../../../src/cache/redis/connection.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createEvictionLog, type EvictionLog } from "../../../src/cache/redis/log.js";
import { writeBody } from "../../../src/cache/redis/record.js";
import { SharedLook } from "../../../src/cache/redis/shared-look.js";
import { testConnection } from "../../support/test-connection.js";

const keys = createKeys("c:");
const { redis, connection } = await testConnection();
let sent: Command[];
let log: EvictionLog;

afterEach(() => redis.flushall());

function createSharedLook(): SharedLook {
  sent = [];
  const watched: Connection = {
    ...connection,
    sendAll(commands) {
      sent.push(...commands);
      return connection.sendAll(commands);
    },
  };
  log = createEvictionLog(watched, keys, { logMark: "", known: async () => {} });
  return new SharedLook(watched, keys, log, () => 1_000);
}

/** An entry at rest under these tags, each with a nonce of its own, and with those versions where wanted. */
async function store(key: string, tags: readonly string[], valid = tags): Promise<void> {
  const nonces = tags.map((tag) => tag.padEnd(8, "-"));
  const head = Buffer.concat([Buffer.of(0x10), Buffer.from("token123"), Buffer.alloc(22)]);
  const body = writeBody({
    ttlMs: 60_000,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    loadMs: 1,
    tags,
    nonces,
    format: 1,
    value: Buffer.from(key),
  });
  await redis.set(keys.entry(key), Buffer.concat([head, body]));
  for (const tag of valid) await redis.set(keys.tag(tag), `${tag.padEnd(8, "-")}e0000002a:7`);
}

describe("a shared look", () => {
  test("gives one reading to a crowd that asks for the same, and to no other", () => {
    const look = createSharedLook();
    const reading = look.askFor("menu", ["a", "b"]);
    expect(look.askFor("menu", ["a", "b"])).toBe(reading);
    for (const tags of [["b", "a"], ["a"], [], ["a", "b", "c"]]) {
      expect(look.askFor("menu", tags)).not.toBe(reading);
    }
    expect(look.askFor("order", ["a", "b"])).not.toBe(reading);
  });

  test("asks for a key and for a tag once, however many want them", async () => {
    await store("menu", ["food"]);
    const look = createSharedLook();
    const readings = Array.from({ length: 3 }, () => look.askFor("menu", ["food"]));
    await look.run();
    expect(sent).toEqual([["mget", keys.tag("food"), keys.entry("menu")]]);
    expect(readings.map(({ valid }) => valid)).toEqual([true, true, true]);
    expect(readings[0]?.entry).toBe(readings[2]?.entry);
  });

  test("asks for all tags that only an entry tells of in a second round trip, though the first has moved", async () => {
    await store("menu", ["one", "two", "three"], ["two"]);
    const look = createSharedLook();
    const reading = look.askFor("menu", []);
    await look.run();
    expect([look.isOpen, reading.valid]).toEqual([true, false]);
    sent = [];
    await look.run();
    expect(sent).toEqual([["mget", ...["one", "two", "three"].map(keys.tag)]]);
    expect([look.isOpen, reading.valid]).toEqual([false, false]);
  });

  test.each([
    ["is absent", null],
    ["is another", "other---e0000002a:7"],
    ["is none of ours", "food----x"],
    ["ends with its nonce", "food----"],
  ])("finds an entry invalid whose tag's version %s", async (_, version) => {
    await store("menu", ["food"]);
    if (version === null) await redis.del(keys.tag("food"));
    else await redis.set(keys.tag("food"), version);
    const look = createSharedLook();
    const reading = look.askFor("menu", ["food"]);
    await look.run();
    expect([reading.entry !== undefined, reading.valid]).toEqual([true, false]);
  });

  test("tells the log where the versions stand before it gives a token to take the lease over", async () => {
    await store("menu", ["food"]);
    const look = createSharedLook();
    const reading = look.askFor("menu", ["food"]);
    await look.run();
    log.hear({ epoch: 0x2a, n: 3 });
    expect(reading.valid).toBe(true);
    expect(log.known).toEqual({ epoch: 0x2a, n: 3 });
    expect(reading.token).toBe("token123");
    expect(log.known).toEqual({ epoch: 0x2a, n: 7 });
  });
});
