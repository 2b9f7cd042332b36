import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { StoreUnavailableError } from "../../../src/cache/errors.js";
import type { Position } from "../../../src/cache/position.js";
import { randomId } from "../../../src/cache/random.js";
import { createClaim } from "../../../src/cache/redis/claim.js";
import { type Connection, openConnection } from "../../../src/cache/redis/connection.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createEvictionLog } from "../../../src/cache/redis/log.js";
import { evictedVersion, writeLogPosition } from "../../../src/cache/redis/tag-version.js";
import { startLink } from "../../support/link.js";
import { testConnection } from "../../support/test-connection.js";

const keys = createKeys("claims:");
const menu = keys.tag("menu");
const { server, redis, connection } = await testConnection();

afterEach(() => redis.flushall());

const setLog = (head: Position) => redis.set(keys.log, `${writeLogPosition(head)}@`);
const setVersion = (position: Position) => redis.set(menu, evictedVersion("nonce-01", position));

/** As on a cluster, where the log may be on another node, and `between` may come after the first look. */
function claimOnCluster(between: (trip: number) => unknown, over = connection) {
  let trips = 0;
  const cluster: Connection = {
    ...over,
    isCluster: true,
    async sendAll(commands, usedMs) {
      const replies = await over.sendAll(commands, usedMs);
      trips += 1;
      await between(trips);
      return replies;
    },
  };
  const log = createEvictionLog(cluster, keys, { logMark: "", known: async () => {} });
  return createClaim(cluster, keys, log, 10_000);
}

test("the version of a tag from before the log was lost counts as of the head of the new one", async () => {
  await setLog({ epoch: 0xb, n: 3 });
  await setVersion({ epoch: 0xa, n: 7 });
  const log = createEvictionLog(connection, keys, { logMark: "", known: async () => {} });
  const claimed = await createClaim(connection, keys, log, 10_000)(["menu"], []);
  expect(claimed.snapshotOf(["menu"]).floors).toEqual(new Map([["menu", { epoch: 0xb, n: 3 }]]));
});

test("on a cluster an eviction by a log that began after it was read counts as of the log that is read again", async () => {
  await setLog({ epoch: 0xa, n: 7 });
  await setVersion({ epoch: 0xb, n: 1 });
  const claim = claimOnCluster((trip) => trip === 1 && setLog({ epoch: 0xb, n: 2 }));
  const claimed = await claim(["menu"], []);
  // As of the old log, what was loaded before the eviction would do.
  expect(claimed.snapshotOf(["menu"])).toEqual({
    nonces: new Map([["menu", "nonce-01"]]),
    floors: new Map([["menu", { epoch: 0xb, n: 1 }]]),
    head: { epoch: 0xb, n: 2 },
  });
});

test("on a cluster the log is read again in time though this process was stopped while it was read first", async () => {
  await using link = await startLink(server.port);
  const far = openConnection(server.client({ port: link.port }), 300);
  await expect.poll(() => far.send("ping").then(String)).toBe("PONG");
  const claim = claimOnCluster((trip) => {
    if (trip !== 1) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    link.delay(30);
  }, far);
  const claimed = await claim(["menu"], []);
  expect(claimed.snapshotOf(["menu"]).nonces.size).toBe(1);
  far.close();
});

test("on a cluster both round trips share one time limit", async () => {
  await using link = await startLink(server.port);
  const far = openConnection(server.client({ port: link.port }), 300);
  await expect.poll(() => far.send("ping").then(String)).toBe("PONG");
  // Either trip alone would be in time.
  link.delay(200);
  const claim = claimOnCluster(() => {}, far);
  await expect(claim(["menu"], [])).rejects.toThrow("Redis must answer within");
  far.close();
});

test("on a cluster a lease that may have been taken anew is given up at once where its reply does not come, and who waits told", async () => {
  const lost = new StoreUnavailableError("Redis must answer, but does not.");
  const head = { epoch: 0xa, n: 7 };
  const isTaken = () => redis.exists(keys.entry("soups"));
  let wasTaken = 0;
  await setLog(head);
  const subscriber = redis.duplicate();
  const told = once(subscriber, "message");
  await subscriber.subscribe(keys.wake("soups"));
  const claim = claimOnCluster(async (trip) => {
    if (trip !== 2) return;
    wasTaken = await isTaken();
    throw lost;
  });
  const request = { key: "soups", tags: ["menu"], token: randomId(), leaseMs: 10_000, over: "" };
  await expect(claim(["menu"], [{ request, mark: head }])).rejects.toBe(lost);
  expect(wasTaken).toBe(1);
  expect((await told)[0]).toBe(keys.wake("soups"));
  expect(await isTaken()).toBe(0);
  subscriber.disconnect();
});
