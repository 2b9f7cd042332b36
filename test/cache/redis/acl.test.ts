import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { type Cache, createCache } from "../../../src/cache/index.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createGate } from "../../support/gate.js";
import { startCluster } from "../../support/redis-cluster.js";
import { startRedis } from "../../support/redis-server.js";
import { beginMove } from "../../support/slot-move.js";

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const rules = /^ACL SETUSER shop on >secret (.+)$/m.exec(readme)?.[1]?.split(" ") ?? [];
const ofCluster = /`(\+cluster\|.+?)`/.exec(readme)?.[1]?.split(" ") ?? [];
const credentials = { username: "shop", password: "secret" };
const user = ["--user", "shop", "on", ">secret", ...rules];
const menu = { ttlSeconds: 60, tags: ["menu"] };

async function useAllOf(cache: Cache): Promise<void> {
  await cache.getOrSet("menu", menu, () => "menu");
  await cache.getOrSetMany(["a", "b"], menu, (keys) => [...keys]);
  const late = await cache.getOrSet("late", menu, ({ addTags }) => addTags("result"));
  expect(late).toBeUndefined();
  expect(await cache.delete("a")).toBe(true);
  expect(await cache.writeThrough("a", menu, "a", () => {})).toBe(true);
  expect(await cache.lock("lock", {}, ({ fencingToken }) => fencingToken)).toBeGreaterThan(0);
  const queue = cache.writeBehind("queue", {
    maxAttempts: 1,
    write: (writes) => writes.map(({ key }) => (key === "bad" ? new Error("bad") : undefined)),
  });
  for (const key of ["good", "bad"]) await queue.put(key, { ttlSeconds: 60 }, key);
  await queue.flush();
  const [letter] = await queue.deadLetters();
  await queue.discard(letter?.id as string);
  expect(await cache.estimateEntries()).toBeGreaterThan(0);
  expect(await cache.evictTags(["menu", "result"])).toMatchObject({ delivered: true });
  await cache.clear();
  await expect.poll(() => cache.health()).toMatchObject({ status: "ok", notes: [] });
}

/** The names of what was refused. */
async function refusals(servers: readonly Redis[]): Promise<unknown[]> {
  const logs = await Promise.all(servers.map((server) => server.acl("LOG")));
  return (logs.flat() as unknown[][]).map((line) => line[line.indexOf("object") + 1]);
}

test("a user who may do what the README says needs nothing else", async () => {
  await using server = await startRedis({ args: user });
  const cache = createCache({
    redis: server.client(credentials),
    near: {},
    commandTimeoutMs: 5_000,
  });
  await useAllOf(cache);
  await cache.close();
  expect(await refusals([server.client()])).toEqual([]);
});

test.each([
  ["a command that only scripts use", "+time", "", "the command TIME"],
  ["the channels of the wakes", "&cached:wake:*", "", "channels of the prefix"],
  ["the keys", "~cached:*", "~other:*", "keys of the prefix"],
])("health() says what the server does not let it do: %s", async (_, rule, instead, told) => {
  const args = user.map((word) => (word === rule ? instead : word)).filter((word) => word !== "");
  await using server = await startRedis({ args });
  const cache = createCache({ redis: server.client(credentials), near: {} });
  const problem = `Redis refuses this user ${told}: README.md has the rule of an ACL that is needed.`;
  await expect
    .poll(async () => {
      expect(await cache.getOrSet("menu", menu, () => "menu")).toBe("menu");
      return (await cache.health()).problems;
    })
    .toContain(problem);
  await cache.close();
});

test("and that of the wakes alone, when a caller first has to wait", async () => {
  const args = user.filter((word) => word !== "&cached:wake:*");
  await using server = await startRedis({ args });
  const [leader, waiter] = [0, 1].map(() =>
    createCache({ redis: server.client(credentials), commandTimeoutMs: 5_000 }),
  ) as [Cache, Cache];
  const load = createGate();
  const led = leader.getOrSet("menu", menu, () => load.pass());
  await load.arrived;
  await expect.poll(() => waiter.health()).toMatchObject({ problems: [] });
  const waited = waiter.getOrSet("menu", menu, () => undefined);
  await expect
    .poll(() => waiter.health())
    .toMatchObject({ problems: [expect.stringContaining("channels of the prefix")] });
  load.open();
  await Promise.all([led, waited]);
  await Promise.all([leader.close(), waiter.close()]);
});

test("nor on a cluster, though it finds a master there that was given its first slot", async () => {
  await using cluster = await startCluster({ spares: 1, args: [...user, ...ofCluster] });
  const [cache, other] = [0, 1].map(() =>
    createCache({
      redis: cluster.client({ redisOptions: credentials }),
      near: {},
      commandTimeoutMs: 5_000,
    }),
  ) as [Cache, Cache];
  await useAllOf(cache);
  for (const one of [cache, other]) await one.set("menu", menu, "old");
  const move = await beginMove(cluster, createKeys("cached:").entry("menu"), cluster.spares[0]);
  await move.end();
  // Nothing has told this process yet.
  await other.clear();
  expect(await cache.get("menu")).toBeUndefined();
  await Promise.all([cache.close(), other.close()]);
  const servers = [...cluster.masters, ...cluster.spares].map((server) => server.client());
  expect(await refusals(servers)).toEqual([]);
});
