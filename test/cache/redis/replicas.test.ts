import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

let server: RedisServer;
let replica: RedisServer;

beforeAll(async () => {
  server = await startRedis({ args: ["--repl-diskless-sync-delay", "0"] });
  replica = await startRedis({ args: ["--replicaof", `127.0.0.1 ${server.port}`] });
  const admin = replica.client();
  const isUp = async () =>
    expect(await admin.info("replication")).toContain("master_link_status:up");
  await vi.waitFor(isUp, { timeout: 10_000 });
});
afterAll(async () => {
  await replica.stop();
  await server.stop();
});

test.each(["an eviction", "a deletion"])(
  "%s may be the first that a process does",
  async (what) => {
    const cache = createCache({ redis: server.client(), commandTimeoutMs: 2_000, waitReplicas: 1 });
    const evicted = what === "a deletion" ? cache.delete("key") : cache.evictTags(["tag"]);
    expect(await evicted).toEqual(what === "a deletion" ? true : { delivered: true, entries: 0 });
    await cache.close();
  },
);

test("replicas are asked on a new connection where the last was lost", async () => {
  const cache = createCache({ redis: server.client(), commandTimeoutMs: 2_000, waitReplicas: 1 });
  await cache.evictTags(["tag"]);
  const admin = server.client();
  // Those that asked for INFO last: the one that asks replicas, and the user's own.
  for (const line of String(await admin.client("LIST")).split("\n")) {
    const id = /^id=(\d+) .* cmd=info /.exec(line)?.[1];
    if (id) await admin.client("KILL", "ID", id);
  }
  expect(await cache.evictTags(["tag"])).toEqual({ delivered: true, entries: 0 });
  await cache.close();
});
