import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Cache, type CacheEvent, createCache } from "../../../src/cache/index.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createGate } from "../../support/gate.js";
import { createOrigin } from "../../support/origin.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import { beginMove, moveSlot, type SlotMove } from "../../support/slot-move.js";
import { testCaches } from "../../support/test-caches.js";
import { WITHOUT_SCRIPTS, WITHOUT_SCRIPTS_ARGS } from "../../support/without-scripts.js";

const keys = createKeys("cached:");
const menu = { ttlSeconds: 60, tags: ["menu"] };
/** Each in a slot of its own. */
const names = {
  entry: keys.entry("menu"),
  tag: keys.tag("menu"),
  log: keys.log,
  lock: "cached:lock:oven",
};
const moving = ["entry", "tag", "log"] as const;

/** How far a move has come when something happens. */
const stages = ["at the start of", "in the middle of", "after"] as const;
const cases = moving.flatMap((name) => stages.map((stage) => [stage, name] as const));

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startCluster({ masters: 3, args: WITHOUT_SCRIPTS_ARGS });
});
afterAll(() => cluster.stop());

describe.each([
  ["with scripts", {}],
  ["without scripts", { redisOptions: WITHOUT_SCRIPTS }],
])("While slots of a cluster move, %s,", (_, clientOptions) => {
  const caches = testCaches(() => ({
    redis: cluster.client(clientOptions),
    commandTimeoutMs: 2000,
  }));
  const { open, events } = caches;
  const begun: SlotMove[] = [];

  afterEach(async () => {
    const told = await caches.close();
    for (const move of begun.splice(0)) await move.end();
    await Promise.all(cluster.masters.map((master) => master.client().flushall()));
    const failures = told.filter(({ type }) => type === "outage" || type === "error");
    expect(failures).toEqual([]);
  });

  /** Begins the move of a name's slot and brings it to a stage; what it gives brings it to its end. */
  async function moveUpTo(stage: (typeof stages)[number], name: string) {
    const move = await beginMove(cluster, name);
    begun.push(move);
    if (stage === "in the middle of") await move.moveKeys();
    if (stage === "after") await move.end();
    return move.end;
  }

  it.each(cases)("a fill is one load and is found %s the move of its %s", async (stage, name) => {
    const waits = createGate();
    const [cache, waiting, gate] = [open(), open({ onEvent: noteWait }), createGate()];
    const origin = createOrigin("menu", gate);
    function noteWait(event: CacheEvent): void {
      events.push(event);
      if (event.type === "wait") waits.pass();
    }

    const led = cache.lookup("menu", menu, origin.load);
    await gate.arrived;
    const waited = waiting.lookup("menu", menu, origin.load);
    await waits.arrived;
    const endMove = await moveUpTo(stage, names[name]);
    gate.open();
    expect(await led).toMatchObject({ value: "menu", status: "miss" });
    expect(await waited).toMatchObject({ value: "menu", status: "waited" });
    expect(await open().lookup("menu", menu, origin.load)).toMatchObject({ status: "hit" });
    await endMove();
    expect(await open().lookup("menu", menu, origin.load)).toMatchObject({ status: "hit" });
    expect(await cache.lookup("menu", menu, origin.load)).toMatchObject({ status: "hit" });
    expect(origin.loads).toBe(1);
  });

  it.each(cases)("a fill that begins %s the move of its %s is one load", async (stage, name) => {
    const caches = [open(), open(), open()];
    for (const cache of caches) await cache.get("menu");
    const gate = createGate();
    const origin = createOrigin("menu", gate);
    const endMove = await moveUpTo(stage, names[name]);
    const answers = caches.map((cache) => cache.getOrSet("menu", menu, origin.load));
    await gate.arrived;
    await endMove();
    gate.open();
    expect(await Promise.all(answers)).toEqual(["menu", "menu", "menu"]);
    expect(await open().lookup("menu", menu, origin.load)).toMatchObject({ status: "hit" });
    expect(origin.loads).toBe(1);
  });

  it.each(cases)(
    "nothing stale is read after an eviction %s the move of its %s",
    async (stage, name) => {
      const [cache, evictor, late] = [open(), open(), open()];
      await cache.getOrSet("filed before", menu, () => "old");
      const gate = createGate();
      const fills = [
        cache.getOrSet("menu", menu, createOrigin("old", gate).load),
        // A tag that is known only from the result.
        cache.getOrSet("of the result", { ttlSeconds: 60 }, async ({ addTags }) => {
          await gate.pass();
          addTags("menu");
          return "old";
        }),
      ];
      await gate.arrivedTimes(2);
      const endMove = await moveUpTo(stage, names[name]);
      expect(await evictor.evictTags(["menu"])).toEqual({ delivered: true, entries: 1 });
      const noneIsRead = async () => {
        for (const reader of [cache, evictor, late]) {
          for (const key of ["filed before", "menu", "of the result"]) {
            expect(await reader.get(key)).toBeUndefined();
          }
        }
      };
      await noneIsRead();
      gate.open();
      expect(await Promise.all(fills)).toEqual(["old", "old"]);
      await noneIsRead();
      await endMove();
      await noneIsRead();
      expect(await late.getOrSet("menu", menu, () => "new")).toBe("new");
      expect(await cache.get("menu")).toBe("new");
    },
  );

  it("what was filled while its tag was on the way is filed under it in the end, and freed with it", async () => {
    const [cache, evictor] = [open(), open()];
    const endMove = await moveUpTo("at the start of", names.tag);
    // Two, since the only one would stand in the tag's version.
    await cache.getOrSet("menu", menu, () => "menu");
    await cache.getOrSet("menu of the day", menu, () => "menu");
    await endMove();
    const indexes = async () => {
      const masters = cluster.masters.map((master) => master.client());
      return (
        await Promise.all(masters.map((node) => node.keys(`${keys.indexBase("menu")}*`)))
      ).flat();
    };
    await expect.poll(indexes, { timeout: 10_000 }).toHaveLength(1);
    expect(await evictor.evictTags(["menu"])).toEqual({ delivered: true, entries: 2 });
    await expect.poll(() => evictor.estimateEntries(), { timeout: 10_000 }).toBe(0);
  });

  it("nothing stale is read after an eviction between two moves of all slots", async () => {
    const [cache, evictor, gate] = [open(), open(), createGate()];
    const moveAll = async () => {
      for (const name of moving) await moveSlot(cluster, names[name]);
    };
    const filling = cache.getOrSet("menu", menu, createOrigin("old", gate).load);
    await gate.arrived;
    await moveAll();
    expect(await evictor.evictTags(["menu"])).toMatchObject({ delivered: true });
    await moveAll();
    gate.open();
    expect(await filling).toBe("old");
    expect(await evictor.get("menu")).toBeUndefined();
    expect(await evictor.getOrSet("menu", menu, () => "new")).toBe("new");
    expect(await cache.get("menu")).toBe("new");
  });

  it("nothing stale is read, whatever moves under fills and evictions that follow one another", async () => {
    const [writer, ...readers] = [open(), open(), open()];
    let truth = 0;
    let isOver = false;
    let reads = 0;
    const read = async (cache: Cache) => {
      const least = evicted;
      const seen = await cache.getOrSet("menu", menu, async () => truth);
      expect(seen).toBeGreaterThanOrEqual(least);
      reads += 1;
    };
    /** The truth as of the last eviction that was acknowledged. */
    let evicted = 0;
    const reading = readers.map(async (cache) => {
      while (!isOver) await read(cache);
    });
    const writing = (async () => {
      while (!isOver) {
        truth += 1;
        const next = truth;
        expect(await writer?.evictTags(["menu"])).toMatchObject({ delivered: true });
        evicted = next;
        for (const cache of readers) await read(cache);
      }
    })();
    try {
      for (let round = 0; round < 4; round += 1) {
        for (const name of moving) await moveSlot(cluster, names[name]);
      }
    } finally {
      isOver = true;
      await Promise.all([...reading, writing]);
    }
    expect(reads).toBeGreaterThan(20);
  });

  it.each(stages)("getOrSetMany loads each missing key once %s moves", async (stage) => {
    const [cache, other] = [open(), open()];
    const many = Array.from({ length: 30 }, (_, n) => `item ${n}`);
    const options = (key: string) => ({ ttlSeconds: 60, tags: ["menu", key] });
    const asked: string[] = [];
    const gate = createGate();
    const loadMany = async (wanted: readonly string[]) => {
      asked.push(...wanted);
      await gate.pass();
      return wanted.map((key) => `value of ${key}`);
    };
    const values = many.map((key) => `value of ${key}`);
    const filling = cache.getOrSetMany(many, options, loadMany);
    await gate.arrived;
    const ends = [];
    for (const name of [keys.entry("item 0"), keys.entry("item 1"), names.tag, names.log]) {
      ends.push(await moveUpTo(stage, name));
    }
    gate.open();
    expect(await filling).toEqual(values);
    expect(await other.getOrSetMany(many, options, loadMany)).toEqual(values);
    for (const end of ends) await end();
    expect(await open().getOrSetMany(many, options, loadMany)).toEqual(values);
    expect(asked.toSorted()).toEqual(many.toSorted());
  });

  it.each(stages)("a lock is held by one, and its token grows, %s its move", async (stage) => {
    const [holder, other, gate] = [open(), open(), createGate()];
    const tokens: number[] = [];
    const held = holder.lock("oven", {}, async ({ fencingToken, signal }) => {
      tokens.push(fencingToken);
      await gate.pass();
      expect(signal.aborted).toBe(false);
    });
    await gate.arrived;
    const ends = [await moveUpTo(stage, names.lock), await moveUpTo(stage, keys.fence)];
    await expect(other.lock("oven", { waitSeconds: 0 }, () => {})).rejects.toThrow(/another held/);
    const next = other.lock("oven", {}, ({ fencingToken }) => tokens.push(fencingToken));
    gate.open();
    await Promise.all([held, next]);
    for (const end of ends) await end();
    await holder.lock("oven", {}, ({ fencingToken }) => tokens.push(fencingToken));
    expect(tokens).toEqual(tokens.toSorted((one, two) => one - two));
    expect(new Set(tokens).size).toBe(3);
  });

  it.each(stages)(
    "a write behind the cache is taken on, read and written %s the moves of all that it touches",
    async (stage) => {
      const [cache, other, gate] = [open(), open(), createGate()];
      const written = new Map<string, unknown>();
      const queue = cache.writeBehind<string>("orders", {
        delaySeconds: 0,
        async write(writes) {
          await gate.pass();
          for (const { key, value } of writes) written.set(key, value);
        },
      });
      await queue.put("first", menu, "new");
      const ends = [];
      for (const name of [names.entry, names.tag, keys.queue("orders")]) {
        ends.push(await moveUpTo(stage, name));
      }
      expect(await queue.put("menu", menu, "new")).toMatchObject({ stored: true });
      const never = () => {
        throw new Error("Nothing may be loaded.");
      };
      for (const spoil of [() => other.evictTags(["menu"]), () => other.delete("menu")]) {
        expect(await other.getOrSet("menu", menu, never)).toBe("new");
        await spoil();
        expect(await cache.getOrSet("menu", menu, never)).toBe("new");
      }
      gate.open();
      await queue.flush();
      for (const end of ends) await end();
      expect([...written]).toEqual([
        ["first", "new"],
        ["menu", "new"],
      ]);
      expect(await queue.health()).toMatchObject({ pending: 0, deadLetters: 0 });
      await other.evictTags(["menu"]);
      expect(await other.getOrSet("menu", menu, () => "newer")).toBe("newer");
    },
  );

  it.each(stages)(
    "delete voids an entry, and the fill of another, %s their moves",
    async (stage) => {
      const [cache, other, gate] = [open(), open(), createGate()];
      await cache.getOrSet("order", { ttlSeconds: 60 }, () => "old");
      const filling = cache.getOrSet("menu", menu, createOrigin("old", gate).load);
      await gate.arrived;
      const ends = [await moveUpTo(stage, names.entry), await moveUpTo(stage, keys.entry("order"))];
      expect(await other.delete("order")).toBe(true);
      expect(await other.delete("menu")).toBe(true);
      gate.open();
      expect(await filling).toBe("old");
      for (const end of ends) await end();
      for (const key of ["order", "menu"]) expect(await cache.get(key)).toBeUndefined();
    },
  );

  it.each(stages)("clear removes everything %s moves", async (stage) => {
    const [cache, other] = [open(), open()];
    const many = Array.from({ length: 30 }, (_, n) => `item ${n}`);
    for (const key of many) await cache.getOrSet(key, { ttlSeconds: 60 }, () => "old");
    const ends = [];
    for (const key of many.slice(0, 3)) ends.push(await moveUpTo(stage, keys.entry(key)));
    await other.clear();
    for (const key of many) expect(await cache.get(key)).toBeUndefined();
    for (const end of ends) await end();
    for (const key of many) expect(await cache.get(key)).toBeUndefined();
    expect(await cache.estimateEntries()).toBe(0);
  });

  it.each([
    ["once", 1],
    ["twice", 2],
    ["three times", 3],
  ] as const)("clear removes what moves behind its scan, %s", async (_, times) => {
    const [cache, other] = [open(), open()];
    const many = Array.from({ length: 30 }, (_, n) => `item ${n}`);
    for (const key of many) await cache.getOrSet(key, { ttlSeconds: 60 }, () => "old");
    let moves = 0;
    const visited: number[] = [];
    await withScansWatched(
      async (port) => {
        if (port !== visited.at(-1)) visited.push(port);
        const [behind, ...others] = visited.slice(-2);
        // One that waits for the scan where it is goes to where the scan has been, each time.
        if (others.length === 0 || moves === times) return;
        const to = cluster.masters.find((master) => master.port === behind);
        const victim = await keyAt(many, port);
        if (victim === undefined) return;
        moves += 1;
        await moveSlot(cluster, keys.entry(victim), to);
      },
      () => other.clear(),
    );
    expect(moves).toBe(times);
    for (const key of many) expect(await cache.get(key)).toBeUndefined();
    expect(await other.health()).toMatchObject({ undeliveredEvictions: 0 });
  });

  /** The first of the entries that the master at a port has. */
  async function keyAt(candidates: readonly string[], port: number): Promise<string | undefined> {
    const admin = cluster.masters.find((master) => master.port === port)!.client();
    for (const key of candidates) {
      if (await admin.exists(keys.entry(key)).catch(() => 0)) return key;
    }
    return undefined;
  }

  /** Tells of each SCAN before it is sent. */
  async function withScansWatched(
    before: (port: number) => Promise<void>,
    run: () => Promise<void>,
  ): Promise<void> {
    const scan = Redis.prototype.scan as (...args: unknown[]) => Promise<unknown>;
    const spy = vi.spyOn(Redis.prototype, "scan").mockImplementation(async function (
      this: Redis,
      ...args: unknown[]
    ) {
      await before(this.options.port as number);
      return (await scan.apply(this, args)) as never;
    } as never);
    try {
      await run();
    } finally {
      spy.mockRestore();
    }
  }
});

describe("When a cluster grows", () => {
  const added = ["entry", "tag", "log"] as const;

  it.each(added)(
    "a fill under way is kept when the slot of its %s goes to a new master",
    async (name) => {
      await using grown = await startCluster({ masters: 3, spares: 1 });
      const events: CacheEvent[] = [];
      const caches = [0, 1].map(() =>
        createCache({
          redis: grown.client(),
          commandTimeoutMs: 2000,
          onEvent: (event) => events.push(event),
        }),
      );
      const [cache, other] = caches as [Cache, Cache];
      const gate = createGate();
      await other.evictTags(["menu"]);
      const filling = cache.lookup("menu", menu, createOrigin("menu", gate).load);
      await gate.arrived;
      await moveSlot(grown, names[name], grown.spares[0]);
      gate.open();
      expect(await filling).toMatchObject({ value: "menu", status: "miss" });
      expect(await other.lookup("menu", menu, () => "new")).toMatchObject({ status: "hit" });
      expect(await other.evictTags(["menu"])).toEqual({ delivered: true, entries: 1 });
      expect(await cache.get("menu")).toBeUndefined();
      // A new master is no promoted replica, which would be an outage.
      expect(events.filter(({ type }) => type === "outage" || type === "error")).toEqual([]);
      await Promise.all(caches.map((one) => one.close()));
    },
  );

  it.each([
    ["is being given", false],
    ["was given", true],
  ])("clear reaches a new master that %s its first slot", async (_, isGiven) => {
    await using grown = await startCluster({ masters: 3, spares: 1 });
    const [cache, other] = [0, 1].map(() =>
      createCache({ redis: grown.client(), commandTimeoutMs: 2000 }),
    ) as [Cache, Cache];
    for (const one of [cache, other]) await one.set("menu", { ttlSeconds: 60 }, "old");
    const move = await beginMove(grown, names.entry, grown.spares[0]);
    await move.moveKeys();
    if (isGiven) await move.end();
    // Nothing has told this process yet.
    await other.clear();
    await move.end();
    expect(await cache.get("menu")).toBeUndefined();
    expect(await other.get("menu")).toBeUndefined();
    await Promise.all([cache.close(), other.close()]);
  });
});
