import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Cache, createCache, type WriteBehind } from "../../../src/cache/index.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { createOriginTable } from "./write-behind-conformance.js";
import { type FromWriter, LEASE_SECONDS, QUEUE, type StopAt, type ToWriter } from "./writer.js";

const entry = fileURLToPath(new URL("writer.ts", import.meta.url));
const options = { ttlSeconds: 600, tags: ["orders"] };

let server: RedisServer;
let lastPrefix = 0;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

/** Processes of the real library, killed at a step that they told to have come to. */
describe("A write behind the cache, when its process is killed", () => {
  let prefix: string;
  let origin: ReturnType<typeof createOriginTable>;
  const children: ChildProcess[] = [];
  const opened: Cache[] = [];

  beforeEach(() => {
    prefix = `killed ${++lastPrefix}:`;
    origin = createOriginTable();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
  });

  async function startWriter(stopAt?: StopAt) {
    const child = fork(entry, [], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    children.push(child);
    const heard: FromWriter[] = [];
    const waiting: Array<() => void> = [];
    child.on("message", (message: FromWriter) => {
      heard.push(message);
      if (message.type === "write") {
        origin.write(message.writes);
        send({ type: "wrote" });
      }
      for (const wake of waiting.splice(0)) wake();
    });
    const send = (message: ToWriter) => void child.send(message);
    const until = async (isIt: (message: FromWriter) => boolean): Promise<FromWriter> => {
      for (;;) {
        const found = heard.find(isIt);
        if (found) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    };
    await until(({ type }) => type === "ready");
    send({ type: "start", port: server.port, prefix, ...(stopAt && { stopAt }) });
    return {
      send,
      heard,
      told: (type: FromWriter["type"]) => until((message) => message.type === type),
      async kill() {
        const exited = once(child, "exit");
        child.kill("SIGKILL");
        await exited;
      },
    };
  }

  /** A process that stays, and does what the others left behind. */
  function survive(): { cache: Cache; queue: WriteBehind<number> } {
    const cache = createCache({
      redis: server.client(),
      prefix,
      leaseSeconds: LEASE_SECONDS,
      commandTimeoutMs: 5000,
      earlyRefresh: 0,
    });
    opened.push(cache);
    const queue = cache.writeBehind<number>(QUEUE, {
      delaySeconds: 0,
      write: (writes) => origin.write(writes),
    });
    return { cache, queue };
  }

  /** Only what has an end is left, and no pin: neither a pending write nor a reader keeps anything. */
  async function expectNothingLeft(): Promise<void> {
    const redis = server.client();
    for (const name of await redis.keys(`${prefix}*`)) {
      expect(await redis.pttl(name), name).not.toBe(-1);
      if (/^[wx]:/.test(name.slice(prefix.length))) expect(await redis.strlen(name), name).toBe(16);
    }
  }

  const flushSteps: ReadonlyArray<[StopAt["step"], StopAt["when"], number]> = [
    ["receive", "after", 1],
    ["snapshot", "after", 1],
    ["write", "before", 1],
    ["write", "after", 2],
    ["takeLease", "after", 2],
    ["unpin", "after", 2],
    ["evict", "after", 2],
    ["commit", "after", 2],
    ["settle", "before", 2],
    ["settle", "after", 1],
  ];

  it.each(flushSteps)(
    "in its flush, at %s (%s), reaches the origin, %i times",
    async (step, when, times) => {
      const writer = await startWriter({ during: "flush", step, when });
      origin.seed("k", -1);
      writer.send({ type: "put", key: "k", value: 7 });
      const put = await writer.told("put");
      writer.send({ type: "flush" });
      await writer.told("stopped");
      await writer.kill();

      const { cache, queue } = survive();
      // Whatever is done to the entry, nobody is given what was there before.
      for (const spoil of [() => cache.evictTags(["orders"]), () => cache.delete("k")]) {
        await spoil();
        expect(await cache.getOrSet("k", options, origin.load("k"))).toBe(7);
      }
      await queue.flush();
      expect(origin.value("k")).toBe(7);
      expect(origin.writes.map(({ sequence }) => sequence)).toEqual(
        Array(times).fill("sequence" in put ? put.sequence : -1),
      );
      await cache.evictTags(["orders"]);
      await cache.delete("k");
      origin.seed("k", 8);
      expect(await cache.getOrSet("k", options, origin.load("k"))).toBe(8);
      await expectNothingLeft();
    },
  );

  const putSteps: ReadonlyArray<[StopAt["step"], StopAt["when"], boolean]> = [
    ["append", "before", false],
    ["append", "after", true],
    ["takeLease", "after", true],
    ["pin", "after", true],
    ["commit", "after", true],
  ];

  it.each(putSteps)(
    "in its put, at %s (%s), leaves nothing half done",
    async (step, when, isTaken) => {
      const writer = await startWriter({ during: "put", step, when });
      const { cache, queue } = survive();
      origin.seed("k", -1);
      await cache.getOrSet("k", options, origin.load("k"));
      writer.send({ type: "put", key: "k", value: 7 });
      await writer.told("stopped");
      await writer.kill();
      expect(writer.heard.some(({ type }) => type === "put")).toBe(false);

      await queue.flush();
      expect(origin.value("k")).toBe(isTaken ? 7 : -1);
      expect(origin.writes).toHaveLength(isTaken ? 1 : 0);
      expect(await cache.getOrSet("k", options, origin.load("k"))).toBe(isTaken ? 7 : -1);
      await expectNothingLeft();
    },
  );

  it("again and again at any moment, loses nothing that was taken on", {
    timeout: 180_000,
  }, async () => {
    const { cache, queue } = survive();
    const newest = new Map<string, number>();
    let value = 0;
    for (let life = 0; life < 5; life += 1) {
      const writer = await startWriter();
      for (let put = 0; put < 40; put += 1) {
        value += 1;
        writer.send({ type: "put", key: `k${put % 8}`, value });
        if (put % 10 === 9) writer.send({ type: "flush" });
      }
      // After another number of them in each life, in the middle of the next.
      const wanted = 5 + life * 8;
      while (writer.heard.filter(({ type }) => type === "put").length < wanted) {
        await new Promise(setImmediate);
      }
      await writer.kill();
      for (const message of writer.heard) {
        if (message.type === "put") newest.set(message.key, message.value);
      }
    }
    await queue.flush();
    expect(await queue.health()).toMatchObject({ pending: 0, deadLetters: 0 });
    expect(newest.size).toBe(8);
    for (const [key, acknowledged] of newest) {
      expect(origin.value(key)).toBeGreaterThanOrEqual(acknowledged);
      expect(await cache.getOrSet(key, options, origin.load(key))).toBe(origin.value(key));
    }
    await expectNothingLeft();
  });
});
