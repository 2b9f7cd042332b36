import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Cache } from "../../../src/cache/index.js";
import { createGate, type Gate } from "../../support/gate.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { testCaches } from "../../support/test-caches.js";

const minute = { ttlSeconds: 60 };

describe("A write behind the cache, with near caches,", () => {
  let server: RedisServer;
  let last = 0;
  const caches = testCaches(() => ({ redis: server.client(), commandTimeoutMs: 2000, near: {} }));

  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(() => caches.close());
  afterAll(() => server.stop());

  async function open(gate: Gate) {
    const cache = caches.open();
    await expect.poll(async () => (await cache.health()).problems).toEqual([]);
    const queue = cache.writeBehind<string>(`queue ${++last}`, {
      delaySeconds: 0,
      write: () => gate.pass(),
    });
    return { cache, queue };
  }

  const never = () => {
    throw new Error("Nothing may be loaded.");
  };

  /** Near, as the pushes of what was committed before have come by then. */
  async function keepNear(cache: Cache, key: string): Promise<void> {
    await expect
      .poll(async () => {
        await cache.warm([key]);
        return cache.lookupNear(key, minute)?.value;
      })
      .toBe("old");
  }

  it("is read by its own process from the moment it has resolved, copy or not", async () => {
    const gate = createGate();
    const { cache, queue } = await open(gate);
    for (const key of ["a", "b", "c"]) {
      await cache.getOrSet(key, minute, () => "old");
      await keepNear(cache, key);
      await queue.put(key, minute, "new");
      expect(cache.lookupNear(key, minute)?.value ?? "new").toBe("new");
      expect(await cache.get(key)).toBe("new");
      expect(await cache.getOrSet(key, minute, never)).toBe("new");
    }
    gate.open();
  });

  it("is not hidden from its own process by a copy kept while it went on", async () => {
    const gate = createGate();
    const { cache, queue } = await open(gate);
    await cache.getOrSet("k", minute, () => "old");
    let isOver = false;
    const putting = queue.put("k", minute, "new").finally(() => {
      isOver = true;
    });
    while (!isOver) await cache.warm(["k"]);
    await putting;
    expect(cache.lookupNear("k", minute)?.value ?? "new").toBe("new");
    gate.open();
  });

  it("takes other processes' copies away, as a commit does", async () => {
    const gate = createGate();
    const [one, other] = [await open(gate), await open(gate)];
    await one.cache.getOrSet("shared", minute, () => "old");
    await keepNear(other.cache, "shared");
    await one.queue.put("shared", minute, "new");
    await expect.poll(() => other.cache.getOrSet("shared", minute, never)).toBe("new");
    gate.open();
  });
});
