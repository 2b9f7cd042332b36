import { afterEach, describe, expect, test } from "vitest";
import type { Command, Connection } from "../../../src/cache/redis/connection.js";
import { createFiling } from "../../../src/cache/redis/filing.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createGate } from "../../support/gate.js";
import { testConnection } from "../../support/test-connection.js";

const keys = createKeys("c:");
const INDEX = `${keys.indexBase("menu")}nonce-01`;
const { redis, connection } = await testConnection();

afterEach(() => redis.flushall());

const draft = {
  ttlMs: 60_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  loadMs: 1,
  tags: ["menu"],
  nonces: ["nonce-01"],
  format: 1,
  value: Buffer.from("value"),
};

/** Entries, or what only looks like them: filing asks whether they are there, and no more. */
async function fillAndFile(names: readonly string[], via = connection): Promise<void> {
  const pipeline = redis.pipeline().set(keys.tag("menu"), "nonce-01c", "PX", 60_000, "NX");
  for (const name of names) pipeline.set(keys.entry(name), "entry", "PX", 60_000);
  await pipeline.exec();
  const file = createFiling(via, keys);
  for (const key of names) await file([{ key, draft }]);
}

const named = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `entry-${from + index}`);

describe("an index", () => {
  test("loses those that expired as others come, until they are few", async () => {
    const gone = named(0, 200);
    await fillAndFile(gone);
    expect(await redis.scard(INDEX)).toBe(200);
    await redis.del(...gone.map(keys.entry));
    await fillAndFile(named(1_000, 400));
    const members = await redis.smembers(INDEX);
    expect(members.filter((name) => gone.includes(name)).length).toBeLessThan(100);
    expect(members).toEqual(expect.arrayContaining(named(1_000, 400)));
  });

  test("keeps one that is filled again between the look at it and its removal", async () => {
    await fillAndFile(named(0, 16));
    await redis.del(...named(0, 16).map(keys.entry));
    const gate = createGate();
    let isFirst = true;
    const watched: Connection = {
      ...connection,
      async sendAll(commands: readonly Command[]) {
        if (commands[0]?.[0] === "srem" && isFirst) {
          isFirst = false;
          await gate.pass();
        }
        return connection.sendAll(commands);
      },
    };
    const filing = fillAndFile(["another"], watched);
    await gate.arrived;
    await fillAndFile(named(0, 16));
    gate.open();
    await filing;
    expect((await redis.smembers(INDEX)).sort()).toEqual(["another", ...named(0, 16)].sort());
  });
});

test("an entry is freed at once whose tag has moved since it was loaded", async () => {
  const name = keys.entry("menu");
  const tags = Buffer.concat([Buffer.from("nonce-01"), Buffer.of(4), Buffer.from("menu")]);
  const length = Buffer.of(0, 0, 0, tags.length);
  const record = [Buffer.of(0x10), Buffer.alloc(30), length, tags, Buffer.from("rest")];
  await redis.set(name, Buffer.concat(record), "PX", 60_000);
  await redis.set(keys.tag("menu"), "nonce-02e0000000a:5", "PX", 60_000);
  await createFiling(connection, keys)([{ key: "menu", draft }]);
  expect(await redis.exists(name)).toBe(0);
});
