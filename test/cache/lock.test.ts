import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { StoreSlowError } from "../../src/cache/errors.js";
import {
  type Cache,
  type CacheOptions,
  createCache,
  InvalidOptionError,
  LockLostError,
  LockTimeoutError,
  StoreUnavailableError,
} from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import { createGate } from "../support/gate.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import { createUnseenLeases } from "../support/unseen-leases.js";

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describe.each(["in process", "on Redis"])("A lock %s", (where) => {
  const opened: Cache[] = [];
  let lastName = 0;
  const newName = () => `${where} ${++lastName}`;

  function open(options: CacheOptions = {}): Cache {
    const redis = where === "on Redis" ? { redis: server.client() } : {};
    const cache = createCache({ ...redis, commandTimeoutMs: 2000, ...options });
    opened.push(cache);
    return cache;
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
  });

  it("lets one in at a time, and every one in the end", async () => {
    const cache = open();
    const name = newName();
    let inside = 0;
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        cache.lock(name, {}, async () => {
          most = Math.max(most, ++inside);
          await new Promise(setImmediate);
          inside -= 1;
          return n;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(results).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it("gives each holder a greater fencing token than all before", async () => {
    const cache = open();
    const tokens: number[] = [];
    for (const name of [newName(), newName(), newName()]) {
      for (let turn = 0; turn < 5; turn += 1) {
        tokens.push(await cache.lock(name, {}, ({ fencingToken }) => fencingToken));
      }
    }
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).toBe(15);
  });

  it("is given up when its work throws, and passes the error on as it was", async () => {
    const cache = open();
    const name = newName();
    const thrown = new RangeError("out of dough");
    await expect(
      cache.lock(name, {}, () => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    expect(await cache.lock(name, { waitSeconds: 0 }, () => "free")).toBe("free");
  });

  it("refuses whoever has waited long enough", async () => {
    const cache = open();
    const [name, gate] = [newName(), createGate()];
    const holder = cache.lock(name, {}, () => gate.pass());
    await gate.arrived;
    const refused = cache.lock(name, { waitSeconds: 0.05 }, () => "never");
    await expect(refused).rejects.toThrow(LockTimeoutError);
    await expect(cache.lock(name, { waitSeconds: 0 }, () => "never")).rejects.toMatchObject({
      code: "E_LOCK_TIMEOUT",
      key: name,
    });
    gate.open();
    await holder;
  });

  it("keeps different names apart, from each other and from entries", async () => {
    const cache = open();
    const [a, b] = [newName(), newName()];
    await cache.lock(a, {}, () =>
      cache.lock(b, { waitSeconds: 0 }, () => cache.set(a, { ttlSeconds: 60 }, "entry")),
    );
    expect(await cache.get(a)).toBe("entry");
  });

  it("is held past its lease's life while its work runs", async () => {
    const cache = open();
    const [name, gate] = [newName(), createGate()];
    const holder = cache.lock(name, { leaseSeconds: 0.3 }, async ({ signal }) => {
      await gate.pass();
      return signal.aborted;
    });
    await gate.arrived;
    // More than three lives of the lease.
    await expect(cache.lock(name, { waitSeconds: 1 }, () => "never")).rejects.toThrow(
      LockTimeoutError,
    );
    gate.open();
    expect(await holder).toBe(false);
  });

  it("stays with its holder when the cache is cleared", async () => {
    const cache = open();
    const name = newName();
    await cache.lock(name, {}, async () => {
      await cache.clear();
      await expect(cache.lock(name, { waitSeconds: 0 }, () => "never")).rejects.toThrow(
        LockTimeoutError,
      );
    });
  });

  it("refuses a name or options that cannot be used", async () => {
    const cache = open();
    await expect(cache.lock("", {}, () => 1)).rejects.toThrow(InvalidOptionError);
    await expect(cache.lock("\0", {}, () => 1)).rejects.toThrow("A lock's name must be");
    await expect(cache.lock("a", { leaseSeconds: 0 }, () => 1)).rejects.toThrow("leaseSeconds");
    await expect(cache.getOrSet("\0lock:a", { ttlSeconds: 1 }, () => 1)).rejects.toThrow(
      InvalidOptionError,
    );
  });
});

describe("A lock whose store fails", () => {
  const store = createMemoryStore({ maxEntries: 100, maxBytes: 100_000 });

  it("before its work begins is held by nobody", async () => {
    let isWell = false;
    const nextFence = async () => {
      if (!isWell) throw new StoreSlowError("The store must answer in time, but did not.");
      return store.nextFence();
    };
    const cache = createCacheOver({ ...store, nextFence }, resolveSettings({}));
    await expect(cache.lock("door", {}, () => "never")).rejects.toThrow(StoreUnavailableError);
    isWell = true;
    expect(await cache.lock("door", { waitSeconds: 0 }, () => "free")).toBe("free");
    await cache.close();
  });

  it("is lost at the moment at which its lease may have run out, counted from before it was renewed", async () => {
    vi.useFakeTimers({
      toFake: ["performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
    });
    try {
      let renewals = 0;
      const renewLease: typeof store.renewLease = async (lease) => {
        renewals += 1;
        if (renewals > 1) throw new StoreSlowError("The store must answer in time, but did not.");
        vi.advanceTimersByTime(100);
        return store.renewLease(lease);
      };
      const cache = createCacheOver({ ...store, renewLease }, resolveSettings({ leaseSeconds: 1 }));
      const inside = createGate();
      const lost = cache.lock("window", {}, async ({ signal }) => {
        inside.pass();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return signal.reason;
      });
      await inside.arrived;
      let isOver = false;
      void lost.then(() => {
        isOver = true;
      });
      await vi.advanceTimersByTimeAsync(898);
      expect(isOver).toBe(false);
      await vi.advanceTimersByTimeAsync(4);
      expect(isOver).toBe(true);
      expect(await lost).toBeInstanceOf(LockLostError);
      await cache.close();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("A lock on Redis", () => {
  const opened: Cache[] = [];
  function open(options: CacheOptions = {}): Cache {
    const cache = createCache({ redis: server.client(), commandTimeoutMs: 2000, ...options });
    opened.push(cache);
    return cache;
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
  });

  it("lets one of several processes in at a time", async () => {
    const caches = [open(), open(), open()];
    let inside = 0;
    let most = 0;
    const turns = Array.from({ length: 30 }, (_, n) =>
      (caches[n % 3] as Cache).lock("shared", { waitSeconds: 20 }, async () => {
        most = Math.max(most, ++inside);
        await new Promise(setImmediate);
        inside -= 1;
      }),
    );
    await Promise.all(turns);
    expect(most).toBe(1);
  });

  it("tells its holder when it is lost, and leaves the next holder's alone", async () => {
    const [a, b] = [open(), open()];
    const gate = createGate();
    const reasons: unknown[] = [];
    const holder = a.lock("lost", { leaseSeconds: 0.3 }, async ({ signal }) => {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      await gate.pass();
    });
    await gate.arrived;
    await server.client().del("cached:lock:lost");
    await b.lock("lost", { waitSeconds: 0 }, async () => {
      await expect.poll(() => reasons).toEqual([expect.any(LockLostError)]);
      gate.open();
      await holder;
      // What the first holder gave up was not this one's.
      await expect(a.lock("lost", { waitSeconds: 0 }, () => "never")).rejects.toThrow(
        LockTimeoutError,
      );
    });
  });

  it("gives greater tokens also after the counter was lost", async () => {
    const cache = open();
    const draw = () => cache.lock("fence", {}, ({ fencingToken }) => fencingToken);
    const first = await draw();
    await server.client().flushall();
    expect(await draw()).toBeGreaterThan(first);
  });

  it("is not to be had while Redis is away", async () => {
    const own = await startRedis();
    const cache = open({ redis: own.client(), commandTimeoutMs: 100 });
    await cache.get("connects");
    await own.kill();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(cache.lock("away", {}, () => "never")).rejects.toThrow(StoreUnavailableError);
    }
    await own.stop();
  });
});

it("asks for a lock that it cannot see, since the server's clock is behind, with pauses", async () => {
  const unseen = createUnseenLeases();
  const gate = createGate();
  const cache = createCacheOver(unseen.store, resolveSettings({}));
  const holder = cache.lock("oven", {}, () => gate.pass());
  await gate.arrived;
  const refused = cache.lock("oven", { waitSeconds: 0.2 }, () => {});
  await expect(refused).rejects.toThrow(LockTimeoutError);
  expect(unseen.asked).toBeLessThan(20);
  gate.open();
  await holder;
  await cache.close();
});
