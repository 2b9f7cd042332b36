import { expect, test } from "vitest";
import { StoreError } from "../../../src/cache/errors.js";
import type { Connection } from "../../../src/cache/redis/connection.js";
import { createEvictTags } from "../../../src/cache/redis/evict-tags.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createEvictionLog } from "../../../src/cache/redis/log.js";
import { evictedVersion, readLogPosition } from "../../../src/cache/redis/tag-version.js";
import { testConnection } from "../../support/test-connection.js";

const keys = createKeys("c:");
const { server, connection } = await testConnection();

test("an eviction of more tags than go at once ends where the log stands behind the last, with no push to tell of it", async () => {
  const log = createEvictionLog(connection, keys, { logMark: "", known: async () => {} });
  const freeing = { free() {}, async sweep() {}, async close() {} };
  const evict = createEvictTags(connection, keys, log, freeing);
  const { position, versions } = await evict(Array.from({ length: 502 }, (_, at) => `tag:${at}`));
  const [stands] = String(await connection.send("get", keys.log)).split("@") as [string];
  expect(position).toEqual(readLogPosition(stands));
  expect([position.n, versions.size]).toEqual([502, 502]);
  expect(log.known).toEqual(position);
});

test("a tag whose slot is on the move is evicted as the others are: told of, replaced, counted and freed", async () => {
  const redis = server.client();
  const tryAgain = new StoreError("TRYAGAIN Multiple keys request during rehashing of slot");
  const cluster: Connection = {
    ...connection,
    isCluster: true,
    async sendAll([_, ...others]) {
      return [tryAgain, ...(await connection.sendAll(others))];
    },
  };
  const freed: string[][] = [];
  const free = (index: string, pending: string) => freed.push([index, pending]);
  const freeing = { free, async sweep() {}, async close() {} };
  const log = createEvictionLog(cluster, keys, { logMark: "", known: async () => {} });
  const evict = createEvictTags(cluster, keys, log, freeing);

  const told: string[] = [];
  const subscriber = server.client();
  subscriber.on("message", (_, message) => told.push(message));
  await subscriber.subscribe(keys.evictions);
  const tags = { moving: "nonce-01", resting: "nonce-02" };
  const indexOf = (tag: keyof typeof tags) => keys.indexBase(tag) + tags[tag];
  await redis.set(keys.tag("moving"), `${tags.moving}c|its only entry`);
  await redis.set(keys.tag("resting"), `${tags.resting}c`);
  await redis.sadd(indexOf("resting"), "one", "two");

  const { versions, entries, position } = await evict(Object.keys(tags));
  expect(entries).toBe(3);
  expect(await redis.smembers(indexOf("moving"))).toEqual(["its only entry"]);
  expect(await redis.pttl(indexOf("moving"))).toBeGreaterThan(0);
  for (const [tag, before] of Object.entries(tags)) {
    const after = versions.get(tag)?.after as string;
    expect(versions.get(tag)?.before).toBe(before);
    expect(await redis.get(keys.tag(tag))).toBe(evictedVersion(after, position));
    expect(freed).toContainEqual([keys.indexBase(tag) + before, keys.pending(tag)]);
    await expect.poll(() => told).toContain(` ${tag}`);
  }
});
