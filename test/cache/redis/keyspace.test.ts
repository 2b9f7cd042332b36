import { afterEach, describe, expect, test } from "vitest";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { clearKeys, estimateEntries } from "../../../src/cache/redis/keyspace.js";
import { testConnection } from "../../support/test-connection.js";

const LIMIT_MS = 5_000;

const { server, redis, connection } = await testConnection(LIMIT_MS);

afterEach(() => redis.flushall());

async function addKeys(names: string[]): Promise<void> {
  for (let from = 0; from < names.length; from += 5_000) {
    await redis.mset(names.slice(from, from + 5_000).flatMap((name) => [name, "1"]));
  }
}

function namesOf(prefix: string): string[] {
  const keys = createKeys(prefix);
  return [
    keys.entry("menu"),
    keys.entry("café *"),
    keys.tag("menu"),
    `${keys.indexBase("menu")}nonce-01`,
    keys.pending("menu"),
  ];
}

describe("clearing", () => {
  test("removes every key under the prefix but the log, and no other (pitfall 17)", async () => {
    const keys = createKeys("cached:");
    const others = ["cached", "cachedv:menu", "xcached:v:menu", "CACHED:v:menu", "session:1"];
    await addKeys([...namesOf("cached:"), keys.log, ...others]);
    await clearKeys(connection, keys, LIMIT_MS);
    expect((await redis.keys("*")).sort()).toEqual([...others, keys.log].sort());
  });

  test.each(["c*:", "c?:", "c[a-b]:", "c[^a]:", "c\\:", "c]:", "c^-:", "*", "café:🍕:"])(
    "takes the prefix %j as it is written, and not as a pattern",
    async (prefix) => {
      // What the prefix would match if it were a pattern, or a part of it were lost.
      const others = ["cx:v:menu", "ca:v:menu", "c:v:menu", "cached:v:menu", "cafe:v:menu"];
      await addKeys([...namesOf(prefix), ...others]);
      await clearKeys(connection, createKeys(prefix), LIMIT_MS);
      expect((await redis.keys("*")).sort()).toEqual([...others].sort());
    },
  );

  test("removes tens of thousands among as many others", async () => {
    const keys = createKeys("cached:");
    const ids = Array.from({ length: 20_000 }, (_, id) => id);
    await addKeys(ids.flatMap((id) => [keys.entry(`entry-${id}`), `other:${id}`]));
    await clearKeys(connection, keys, LIMIT_MS);
    expect(await redis.dbsize()).toBe(20_000);
    expect(await redis.exists(keys.entry("entry-0"))).toBe(0);
  });

  test("keeps to the database that the client is on", async () => {
    const other = server.client({ db: 1 });
    await other.set("cached:v:menu", "1");
    await clearKeys(connection, createKeys("cached:"), LIMIT_MS);
    expect(await other.exists("cached:v:menu")).toBe(1);
  });
});

describe("the number of entries", () => {
  const keys = createKeys("ca*hed:");
  const estimate = () => estimateEntries(connection, keys, LIMIT_MS);
  const entries = (count: number) => Array.from({ length: count }, (_, id) => keys.entry(`e${id}`));
  const others = (count: number) => Array.from({ length: count }, (_, id) => `cached:v:${id}`);

  test("is 0 where there is nothing, or nothing of ours", async () => {
    expect(await estimate()).toBe(0);
    await addKeys(others(10));
    expect(await estimate()).toBe(0);
  });

  test("is exact in a small database, and counts neither tags nor others' keys", async () => {
    await addKeys([
      ...entries(1_000),
      ...others(900),
      keys.log,
      keys.tag("menu"),
      keys.pending("a"),
    ]);
    expect(await estimate()).toBe(1_000);
  });

  test("is near in a large database", async () => {
    await addKeys([...entries(6_000), ...others(4_000)]);
    // 500 samples of a share of 0.6: six standard deviations are 0.13.
    const counted = await estimate();
    expect(counted).toBeGreaterThan(4_700);
    expect(counted).toBeLessThan(7_300);
  });

  test("is exact in a large database that holds nothing else, or nothing of ours", async () => {
    await addKeys(entries(3_000));
    expect(await estimate()).toBe(3_000);
    await redis.flushall();
    await addKeys(others(3_000));
    expect(await estimate()).toBe(0);
  });
});
