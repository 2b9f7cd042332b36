import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { evaluate } from "../../../src/cache/redis/connection.js";
import { type Script, scripts } from "../../../src/cache/redis/scripts.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const W = "c:w:menu";
const QUEUE = "c:q:{orders}";
const BURIED = "c:q:{orders}:buried";
const GROUP = "writers";
const LIFE_MS = 3_600_000;

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = server.client();
  for (const { lua } of Object.values(scripts)) await redis.script("LOAD", lua);
});
beforeEach(() => redis.flushall());
afterAll(() => server.stop());

function run(script: Script, keys: string[], ...args: Array<string | number>) {
  const [name, ...rest] = evaluate(script, keys, ...args);
  return redis.call(name, rest);
}

const digits = (sequence: number) => String(sequence).padStart(16, "0");
const pin = (sequence: number) => run(scripts.pinWrite, [W], digits(sequence), "a pin", LIFE_MS);
const unpin = (sequence: number) => run(scripts.unpinWrite, [W], digits(sequence), 60_000);
const append = (room: number, ...fields: string[]) =>
  run(scripts.appendWrite, [QUEUE], room, GROUP, Date.now() + 60_000, ...fields);
const bury = (id: string) => run(scripts.buryWrite, [QUEUE, BURIED], GROUP, id, "k", "menu");
const retire = (stream: string) => run(scripts.retireStream, [stream], 60_000);

describe("pin-write", () => {
  test("pins the first, and a newer one over an older", async () => {
    expect(await pin(1)).toBe(1);
    expect(await pin(2)).toBe(1);
    expect(await redis.get(W)).toBe(`${digits(2)}a pin`);
    expect(await redis.pttl(W)).toBeGreaterThan(LIFE_MS - 10_000);
  });

  test("leaves a newer one, and pins the same one again", async () => {
    await pin(2);
    expect(await pin(1)).toBe(0);
    expect(await pin(2)).toBe(1);
    expect(await redis.get(W)).toBe(`${digits(2)}a pin`);
  });

  test("pins neither what was unpinned, nor what is older", async () => {
    await unpin(2);
    expect(await pin(2)).toBe(0);
    expect(await pin(1)).toBe(0);
    expect(await redis.get(W)).toBe(digits(2));
    expect(await pin(3)).toBe(1);
  });
});

describe("unpin-write", () => {
  test("takes its own pin away, and remembers for a while that it did", async () => {
    await pin(2);
    expect(await unpin(2)).toBe(1);
    expect(await redis.get(W)).toBe(digits(2));
    expect(await redis.pttl(W)).toBeLessThanOrEqual(60_000);
    expect(await unpin(2)).toBe(2);
  });

  test("takes an older one's away, and says that it was not its own", async () => {
    await pin(1);
    expect(await unpin(2)).toBe(0);
    expect(await redis.get(W)).toBe(digits(2));
  });

  test("leaves a newer one's, and what remembers that", async () => {
    await pin(3);
    expect(await unpin(2)).toBe(-1);
    expect(await redis.get(W)).toBe(`${digits(3)}a pin`);
    await unpin(3);
    expect(await unpin(2)).toBe(2);
    expect(await redis.get(W)).toBe(digits(3));
  });

  test("leaves nothing of its own that was left behind, and all else as it is", async () => {
    const forget = (sequence: number) => run(scripts.unpinWrite, [W], digits(sequence), 0);
    await pin(2);
    expect(await forget(1)).toBe(-1);
    expect(await forget(3)).toBe(0);
    expect(await redis.get(W)).toBe(`${digits(2)}a pin`);
    expect(await forget(2)).toBe(1);
    expect(await redis.exists(W)).toBe(0);
    expect(await forget(2)).toBe(0);
    await unpin(2);
    expect(await forget(2)).toBe(2);
    expect(await redis.pttl(W)).toBeGreaterThan(0);
  });
});

describe("append-write", () => {
  test("makes the queue and its group, and tells a place that is the time", async () => {
    const before = Date.now();
    const place = String(await append(10, "k", "menu"));
    expect(Number(place)).toBeGreaterThanOrEqual(before * 1000);
    expect(await redis.xrange(QUEUE, "-", "+")).toEqual([[`${place}-0`, ["k", "menu"]]]);
    expect(await redis.xinfo("GROUPS", QUEUE)).toHaveLength(1);
    expect(Number(await append(10, "k", "menu"))).toBeGreaterThan(Number(place));
  });

  test("goes on past a place that a clock ahead of this one gave", async () => {
    await redis.xadd(QUEUE, "9000000000000000-0", "k", "menu");
    expect(await append(10, "k", "menu")).toBe("9000000000000001");
  });

  test("refuses where the room is taken", async () => {
    await append(2, "k", "menu");
    await append(2, "k", "menu");
    expect(await append(2, "k", "menu")).toBe("");
    expect(await redis.xlen(QUEUE)).toBe(2);
  });

  test("refuses a write whose caller has given up", async () => {
    const args = [10, GROUP, Date.now() - 1000, "k", "menu"];
    expect(await run(scripts.appendWrite, [QUEUE], ...args)).toBe("late");
    expect(await redis.exists(QUEUE)).toBe(0);
  });

  test("takes the end of an empty queue away", async () => {
    const place = await append(10, "k", "menu");
    await redis.xdel(QUEUE, `${place}-0`);
    expect(await retire(QUEUE)).toBe(1);
    await append(10, "k", "menu");
    expect(await redis.pttl(QUEUE)).toBe(-1);
  });
});

describe("bury-write", () => {
  test("moves a write that was handed out, once", async () => {
    const id = `${await append(10, "k", "menu")}-0`;
    await redis.xreadgroup("GROUP", GROUP, "one", "STREAMS", QUEUE, ">");
    expect(await bury(id)).toBe(1);
    expect(await redis.xlen(QUEUE)).toBe(0);
    expect(await redis.xpending(QUEUE, GROUP)).toEqual([0, null, null, null]);
    expect(await redis.xlen(BURIED)).toBe(1);
    expect(await bury(id)).toBe(0);
    expect(await redis.xlen(BURIED)).toBe(1);
  });

  test("takes the end away again that was given to where it moves it", async () => {
    for (let time = 0; time < 2; time += 1) {
      expect(await bury(`${await append(10, "k", "menu")}-0`)).toBe(1);
      expect(await redis.pttl(BURIED)).toBe(-1);
      await redis.xtrim(BURIED, "MAXLEN", 0);
      expect(await retire(BURIED)).toBe(1);
    }
  });

  test("leaves what was settled meanwhile", async () => {
    expect(await bury("1-0")).toBe(0);
    expect(await redis.exists(BURIED)).toBe(0);
  });
});

describe("retire-stream", () => {
  test("gives an empty stream an end, and no other", async () => {
    await redis.xadd(QUEUE, "1-0", "k", "menu");
    expect(await retire(QUEUE)).toBe(0);
    expect(await redis.pttl(QUEUE)).toBe(-1);
    await redis.xdel(QUEUE, "1-0");
    expect(await retire(QUEUE)).toBe(1);
    expect(await redis.pttl(QUEUE)).toBeLessThanOrEqual(60_000);
    expect(await retire("c:q:{absent}")).toBe(0);
  });
});

describe("drop-consumers", () => {
  test("takes them out of the group of an empty stream, and of no other", async () => {
    const drop = () => run(scripts.dropConsumers, [QUEUE], GROUP, "one", "nobody");
    expect(await drop()).toBe(0);
    const id = `${await append(10, "k", "menu")}-0`;
    await redis.xreadgroup("GROUP", GROUP, "one", "STREAMS", QUEUE, ">");
    expect(await drop()).toBe(0);
    expect(await redis.xpending(QUEUE, GROUP)).toContain(1);
    await redis.xdel(QUEUE, id);
    expect(await drop()).toBe(1);
    expect(await redis.xinfo("CONSUMERS", QUEUE, GROUP)).toEqual([]);
  });
});
