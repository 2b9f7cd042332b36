import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { createGate } from "../../support/gate.js";
import { createOrigin } from "../../support/origin.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import { testCaches } from "../../support/test-caches.js";

/** Several caches on one Redis stand for several processes: they share nothing but the server. */
describe("A fleet on one Redis", () => {
  let server: RedisServer;
  const caches = testCaches(() => ({ redis: server.client(), commandTimeoutMs: 2000 }));
  const { open } = caches;
  const minute = { ttlSeconds: 60 };

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    await caches.close();
    await server.client().flushall();
  });

  it("loads once for a hundred callers in two processes", async () => {
    const [a, b, gate] = [open(), open(), createGate()];
    const origin = createOrigin("menu", gate);
    const callers = Array.from({ length: 100 }, (_, n) =>
      (n % 2 ? a : b).lookup("menu", { ...minute, tags: ["menu"] }, origin.load),
    );
    await gate.arrived;
    gate.open();
    const answers = await Promise.all(callers);
    expect(answers.map(({ value }) => value)).toEqual(Array(100).fill("menu"));
    expect(origin.loads).toBe(1);
  });

  it("wakes a waiting process by a push, long before it would have polled", async () => {
    const [a, b, gate] = [open(), open(), createGate()];
    const origin = createOrigin("menu", gate);
    const leader = a.getOrSet("menu", minute, origin.load);
    await gate.arrived;
    const waiting = b.lookup("menu", minute, origin.load);
    const admin = server.client();
    await expect
      .poll(() => admin.pubsub("NUMSUB", "cached:wake:menu"))
      .toEqual([expect.anything(), 1]);
    const subscribed = performance.now();
    gate.open();
    await leader;
    expect(await waiting).toMatchObject({ value: "menu", status: "waited" });
    expect(performance.now() - subscribed).toBeLessThan(200);
    await expect
      .poll(() => admin.pubsub("NUMSUB", "cached:wake:menu"))
      .toEqual([expect.anything(), 0]);
  });

  it("gives each of a crowd that waited a value of its own, whoever loaded", async () => {
    const [a, b, gate] = [open(), open(), createGate()];
    const load = async () => {
      await gate.pass();
      return { pizzas: ["Margherita"] };
    };
    const leader = a.getOrSet("menu", minute, load);
    await gate.arrived;
    const joined = Array.from({ length: 3 }, () => a.getOrSet("menu", minute, load));
    const waiting = Array.from({ length: 3 }, () => b.getOrSet("menu", minute, load));
    await expect.poll(() => a.stats().waits + b.stats().waits).toBe(6);
    gate.open();
    for (const menu of await Promise.all([leader, ...joined, ...waiting])) {
      expect(menu).toEqual({ pizzas: ["Margherita"] });
      menu.pizzas.push("Hawaii");
    }
  });

  it("gives each of a crowd that waited an answer of its own", async () => {
    const [a, b, gate] = [open(), open(), createGate()];
    const origin = createOrigin("menu", gate);
    const leader = a.lookup("menu", minute, origin.load);
    await gate.arrived;
    const waiting = Array.from({ length: 3 }, () => b.lookup("menu", minute, origin.load));
    await expect.poll(() => b.stats().waits).toBe(3);
    gate.open();
    await leader;
    const answers = await Promise.all(
      waiting.map(async (lookup) => {
        const answer = await lookup;
        const seen = { ...answer };
        Object.assign(answer, { value: "damaged", status: "hit" });
        return seen;
      }),
    );
    for (const { value, status } of answers) expect([value, status]).toEqual(["menu", "waited"]);
  });

  it("finds what was committed even when the push was lost", async () => {
    const [a, b, gate] = [open(), open(), createGate()];
    const origin = createOrigin("menu", gate);
    const leader = a.getOrSet("menu", minute, origin.load);
    await gate.arrived;
    const waiting = b.getOrSet("menu", minute, origin.load);
    const admin = server.client();
    await expect
      .poll(() => admin.pubsub("NUMSUB", "cached:wake:menu"))
      .toEqual([expect.anything(), 1]);
    await admin.call("client", "kill", "type", "pubsub");
    gate.open();
    await leader;
    expect(await waiting).toBe("menu");
    expect(origin.loads).toBe(1);
  });

  it("shows every process the new value after an eviction in one", async () => {
    const [a, b] = [open(), open()];
    const options = { ...minute, tags: ["menu"] };
    await a.getOrSet("menu", options, () => "old");
    expect(await b.getOrSet("menu", options, () => "new")).toBe("old");
    await a.evictTags(["menu"]);
    expect(await b.getOrSet("menu", options, () => "new")).toBe("new");
    expect(await a.getOrSet("menu", options, () => "newer")).toBe("new");
  });

  it("takes a doomed lease over at once instead of waiting for its load", async () => {
    const [a, b, gate] = [open(), open(), createGate()];
    const options = { ...minute, tags: ["menu"] };
    const old = createOrigin("old", gate);
    const doomed = a.getOrSet("menu", options, old.load);
    await gate.arrived;
    const waiting = b.lookup("menu", options, () => "new");
    await b.get("a round trip later");
    await a.evictTags(["menu"]);
    expect(await waiting).toMatchObject({ value: "new", status: "miss" });
    gate.open();
    expect(await doomed).toBe("old");
    expect(await a.get("menu")).toBe("new");
  });

  it("makes a miss of every entry whose tag's version was lost, and never brings it back", async () => {
    const cache = open();
    const options = { ...minute, tags: ["menu"] };
    await cache.getOrSet("menu", options, () => "old");
    expect(await server.client().del(createKeys("cached:").tag("menu"))).toBe(1);
    expect(await cache.get("menu")).toBeUndefined();
    await cache.getOrSet("other", options, () => "gives the tag a version again");
    expect(await cache.get("menu")).toBeUndefined();
    expect(await cache.getOrSet("menu", options, () => "new")).toBe("new");
  });

  it("stores nothing for an operation that began before the log was lost", async () => {
    const cache = open();
    const since = await cache.position();
    await server.client().del(createKeys("cached:").log);
    await cache.lookup("menu", { ...minute, tags: ["menu"], since }, () => "old");
    expect(await cache.get("menu")).toBeUndefined();
    const now = { ...minute, tags: ["menu"], since: await cache.position() };
    await cache.lookup("menu", now, () => "new");
    expect(await cache.get("menu")).toBe("new");
  });

  it("refuses the commit of a load during which everything was flushed", async () => {
    const [cache, gate] = [open(), createGate()];
    const origin = createOrigin("old", gate);
    const begun = cache.getOrSet("menu", { ...minute, tags: ["menu"] }, origin.load);
    await gate.arrived;
    await server.client().flushall();
    gate.open();
    expect(await begun).toBe("old");
    expect(await cache.get("menu")).toBeUndefined();
  });

  it("renews the lease of a long load, so that nobody else loads", async () => {
    const [a, b, gate] = [open({ leaseSeconds: 0.6 }), open({ leaseSeconds: 0.6 }), createGate()];
    const origin = createOrigin("menu", gate);
    const options = { ...minute, tags: ["menu"] };
    const leader = a.getOrSet("menu", options, origin.load);
    await gate.arrived;
    const admin = server.client();
    const key = createKeys("cached:").entry("menu");
    const deadline = async () => (await admin.getBuffer(key))?.readUIntBE(9, 6) ?? 0;
    const first = await deadline();
    // Three lives of the lease pass by the server's own clock.
    await expect.poll(deadline, { timeout: 5000 }).toBeGreaterThan(first + 1800);
    const waiting = b.lookup("menu", options, origin.load);
    await b.get("a round trip later");
    gate.open();
    expect(await leader).toBe("menu");
    expect(await waiting).toMatchObject({ value: "menu" });
    expect(origin.loads).toBe(1);
    expect(await b.get("menu")).toBe("menu");
  });

  it("lets exactly one waiter take over when a holder dies", async () => {
    const [a, b] = [open(), open()];
    const dead = createRedisStore({
      redis: server.client(),
      prefix: "cached:",
      leaseMs: 300,
      commandTimeoutMs: 2000,
    });
    await dead.takeLease({ key: "menu", tags: [], token: "deadbeef", leaseMs: 300, over: "" });
    await dead.close();
    const origin = createOrigin("menu");
    const answers = await Promise.all(
      [a, b, a, b, a, b].map((cache) => cache.getOrSet("menu", minute, origin.load)),
    );
    expect(answers).toEqual(Array(6).fill("menu"));
    expect(origin.loads).toBe(1);
  });

  it("frees what was evicted, and leaves as many keys as before", async () => {
    const cache = open();
    const admin = server.client();
    await cache.evictTags(["warm the log up"]);
    await expect.poll(() => admin.keys("*")).toEqual(["cached:log"]);
    const fills = Array.from({ length: 500 }, (_, n) =>
      cache.getOrSet(`entry:${n}`, { ...minute, tags: ["all", `one:${n}`] }, () => n),
    );
    await Promise.all(fills);
    expect(await cache.evictTags(["all"])).toEqual({ delivered: true, entries: 500 });
    await expect.poll(() => admin.keys("cached:v:*"), { timeout: 5000 }).toEqual([]);
    await cache.evictTags(Array.from({ length: 500 }, (_, n) => `one:${n}`));
    await expect.poll(() => admin.dbsize(), { timeout: 5000 }).toBe(1);
  });

  it("gives every key a life that ends", async () => {
    const cache = open();
    await cache.getOrSet("a", { ...minute, tags: ["t", "u"] }, (context) => {
      context.addTags("v");
      return 1;
    });
    await cache.getOrSet("b", minute, () => undefined);
    await cache.getOrSet("c", { ...minute, nullTtlSeconds: 0 }, () => null);
    await cache.evictTags(["u"]);
    const admin = server.client();
    for (const key of await admin.keys("*")) {
      // -2: freed since it was listed. -1 would be for ever.
      const life = await admin.pttl(key);
      expect(life === -2 || life > 0, `${key} lives ${life} ms`).toBe(true);
    }
  });

  it("asks once for all reads of a tick, and once for all leases", async () => {
    const cache = open();
    await cache.get("connects");
    const admin = server.client();
    const monitor = await admin.monitor();
    const commands: string[] = [];
    monitor.on("monitor", (_, [name, ...args]: string[]) => {
      if (args.some((argument) => argument.includes("cached:"))) commands.push(String(name));
    });
    const origin = createOrigin("size");
    const list = () =>
      Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          cache.getOrSet(`size:${n}`, { ...minute, tags: ["sizes", `size:${n}`] }, origin.load),
        ),
      );
    await list();
    await list();
    await expect.poll(() => commands.filter((name) => name === "mget").length).toBe(2);
    monitor.disconnect();
    expect(origin.loads).toBe(100);
  });

  it("takes a list of thousands for no outage", async () => {
    const outages: unknown[] = [];
    const cache = open({
      commandTimeoutMs: 100,
      onEvent: (event) => event.type === "outage" && outages.push(event.error),
    });
    await cache.get("connects");
    const keys = Array.from({ length: 5000 }, (_, n) => `item:${n}`);
    const many = () =>
      cache.getOrSetMany(
        keys,
        (key) => ({ ...minute, tags: ["items", key] }),
        (missing) => missing.map((key) => key.toUpperCase()),
      );
    expect(await many()).toEqual(keys.map((key) => key.toUpperCase()));
    expect(await many()).toEqual(keys.map((key) => key.toUpperCase()));
    expect(outages).toEqual([]);
    expect(cache.stats()).toMatchObject({ loads: 5000, hits: 5000 });
  });

  it("keeps nothing that was loaded from what a clear had not reached yet", async () => {
    const [isReached, goesOn] = [createGate(), createGate()];
    // The clear has looked for what it removes, and not removed it yet.
    await using proxy = await startTcpProxy(server.port, (client, redis) => {
      let sending = Promise.resolve();
      client.on("data", (data) => {
        const isRemoval = data.toString("latin1").includes("\r\nunlink\r\n");
        if (isRemoval) isReached.pass();
        sending = sending.then(() => (isRemoval ? goesOn.opened : undefined));
        sending.then(() => redis.write(data));
      });
      redis.pipe(client);
    });
    const clearing = open({ redis: server.client({ port: proxy.port }), commandTimeoutMs: 20_000 });
    const [plain, near] = [open(), open({ near: { maxAgeSeconds: 60 } })];
    await plain.getOrSet("menu", minute, () => "old");
    await expect.poll(async () => (await near.health()).problems).toEqual([]);
    const before = await near.position();

    const cleared = clearing.clear();
    await isReached.arrived;
    await expect.poll(async () => (await near.position())?.epoch).not.toBe(before?.epoch);
    await near.warm(["menu"]);
    const fromOld = () => plain.getOrSet("menu", minute, () => "new");
    expect(await plain.getOrSet("page", minute, fromOld)).toBe("old");
    goesOn.open();
    await cleared;

    expect(await plain.get("menu")).toBeUndefined();
    expect(await plain.get("page")).toBeUndefined();
    await expect.poll(() => near.lookupNear("menu", minute)).toBeUndefined();
  });

  it("keeps apart what different prefixes cache, and clears no more than its own", async () => {
    const [a, b] = [open({ prefix: "a*[x]:" }), open({ prefix: "b:" })];
    const admin = server.client();
    await admin.set("a*", "somebody's own");
    await a.getOrSet("k", minute, () => "a");
    await b.getOrSet("k", minute, () => "b");
    await a.clear();
    expect(await a.get("k")).toBeUndefined();
    expect(await b.get("k")).toBe("b");
    expect(await admin.get("a*")).toBe("somebody's own");
  });

  it("puts its own prefix in place of the client's, and leaves the client open", async () => {
    const redis = server.client({ keyPrefix: "users:" });
    const cache = open({ redis });
    await cache.getOrSet("k", minute, () => 1);
    expect(await server.client().keys("users:*")).toEqual([]);
    await cache.close();
    expect(await redis.ping()).toBe("PONG");
  });

  it("refuses a client that reads from replicas", () => {
    const redis = server.client({ readOnly: true, lazyConnect: true });
    expect(() => createCache({ redis })).toThrow(
      expect.objectContaining({ code: "E_UNSUPPORTED_STORE" }),
    );
  });

  it("survives the scripts being flushed from the server", async () => {
    const cache = open();
    await cache.getOrSet("a", { ...minute, tags: ["t"] }, () => 1);
    await server.client().script("FLUSH");
    expect(await cache.getOrSet("b", { ...minute, tags: ["t"] }, () => 2)).toBe(2);
    expect(await cache.evictTags(["t"])).toMatchObject({ delivered: true, entries: 2 });
    expect(await cache.get("b")).toBeUndefined();
  });

  it("answers from the origin where somebody else's key stands in its way", async () => {
    const errors: unknown[] = [];
    const cache = open({ onEvent: (event) => event.type === "error" && errors.push(event.error) });
    await server.client().rpush("cached:v:menu", "not ours");
    expect(await cache.getOrSet("menu", minute, () => "menu")).toBe("menu");
    expect(errors).toMatchObject([{ code: "E_STORE" }]);
    expect(await cache.getOrSet("other", minute, () => 1)).toBe(1);
    expect(await cache.get("other")).toBe(1);
  });

  it.each([
    ["a tag", createKeys("cached:").tag("menu")],
    ["the log", createKeys("cached:").log],
  ])("evicts and fills where somebody else's key stands in the place of %s", async (_, name) => {
    const cache = open();
    const options = { ...minute, tags: ["menu"] };
    await cache.getOrSet("menu", options, () => "old");
    await server.client().multi().del(name).rpush(name, "not ours").exec();
    expect(await cache.evictTags(["menu"])).toMatchObject({ delivered: true });
    expect(await cache.getOrSet("menu", options, () => "new")).toBe("new");
    expect(await cache.get("menu")).toBe("new");
  });

  it("takes bytes of a format it does not know for none, and replaces them", async () => {
    const cache = open();
    await server.client().set("cached:v:menu", Buffer.alloc(60, 0x20));
    expect(await cache.lookup("menu", minute, () => 1)).toMatchObject({ status: "miss" });
    expect(await cache.lookup("menu", minute, () => 2)).toMatchObject({ value: 1, status: "hit" });
  });

  it.each(["not ours", "nonce-01p", "nonce-01x9f3c2a1b:17", "nonce-01e9f3c2a1b:17?"])(
    "takes the tag version %j for none, and replaces it",
    async (version) => {
      const cache = open();
      await server.client().set(createKeys("cached:").tag("menu"), version);
      const options = { ...minute, tags: ["menu"] };
      expect(await cache.lookup("menu", options, () => 1)).toMatchObject({ status: "miss" });
      expect(await cache.lookup("menu", options, () => 2)).toMatchObject({ status: "hit" });
    },
  );

  it("takes a damaged entry for none, and replaces it", async () => {
    const cache = open();
    await cache.getOrSet("menu", minute, () => ({ a: 1 }));
    const key = createKeys("cached:").entry("menu");
    const bytes = (await server.client().getBuffer(key)) as Buffer;
    for (const damaged of [bytes.subarray(0, 40), Buffer.concat([bytes.subarray(0, -3)])]) {
      await server.client().set(key, damaged, "PX", 60_000);
      expect(await cache.getOrSet("menu", minute, () => ({ a: 1 }))).toEqual({ a: 1 });
      expect(await cache.get("menu")).toEqual({ a: 1 });
    }
  });
});
