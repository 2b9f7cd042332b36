import { afterEach, describe, expect, test } from "vitest";
import { createCacheOver } from "../../src/cache/cache.js";
import { NodeUnavailableError, StoreError, StoreUnavailableError } from "../../src/cache/errors.js";
import type { Cache } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import { createGate } from "../support/gate.js";
import { createOrigin } from "../support/origin.js";

const menu = { ttlSeconds: 60, tags: ["menu"] };
const memory = () => createMemoryStore({ maxEntries: 10, maxBytes: 1_000 });

let cache: Cache;
afterEach(() => cache.close());

describe("who asks in an outage", () => {
  let isAway = false;
  const steps = {
    "the outage begins": async () => {
      isAway = true;
      await cache.lookup("other", menu, () => "finds out");
    },
    "the eviction of its tag finds the outage": async () => {
      isAway = true;
      await cache.evictTags(["menu"]);
    },
    "its tag is evicted": () => cache.evictTags(["menu"]),
    "another tag is evicted": () => cache.evictTags(["order"]),
    "it is deleted": () => cache.delete("menu"),
    "everything is cleared": () => cache.clear(),
  };
  type Step = keyof typeof steps | "the operation begins";

  const begin: Step = "the operation begins";
  const outage: Step = "the outage begins";
  const shared: Step[][] = [
    [begin, outage],
    [outage, begin],
    [outage, begin, "another tag is evicted"],
    [outage, "its tag is evicted", begin],
    [outage, "everything is cleared", begin],
    ["its tag is evicted", begin, outage],
  ];
  const unshared: Step[][] = [
    [outage, begin, "its tag is evicted"],
    [outage, begin, "it is deleted"],
    [outage, begin, "everything is cleared"],
    [begin, outage, "its tag is evicted"],
    [begin, outage, "it is deleted"],
    [begin, outage, "everything is cleared"],
    [begin, "its tag is evicted", outage],
    [begin, "the eviction of its tag finds the outage"],
  ];

  test.each([
    ...shared.map((order) => ["shares", order.join(", "), order] as const),
    ...unshared.map((order) => ["does not share", order.join(", "), order] as const),
  ])("%s the load of an operation where, in this order, %s", async (does, _, order) => {
    const given = memory();
    const orAway =
      <A extends unknown[], R>(run: (...args: A) => Promise<R>) =>
      async (...args: A) => {
        if (isAway) throw new StoreUnavailableError("Redis must be in reach, but is not.");
        return run(...args);
      };
    isAway = false;
    const { read, evict, ping } = given;
    const away = { read: orAway(read), evict: orAway(evict), ping: orAway(ping) };
    cache = createCacheOver({ ...given, ...away }, resolveSettings({}));
    let since = null as Awaited<ReturnType<Cache["position"]>>;
    for (const step of order) {
      if (step === begin) since = await cache.position();
      else await steps[step]();
    }
    const gate = createGate();
    const origin = createOrigin((loads: number) => loads, gate);
    const ofOperation = cache.getOrSet("menu", { ...menu, since }, origin.load);
    await gate.arrived;
    const later = { ...menu, since: await cache.position() };
    const asking = cache.getOrSet("menu", later, origin.load);
    await new Promise(setImmediate);
    gate.open();
    expect(await Promise.all([ofOperation, asking])).toEqual([1, does === "shares" ? 1 : 2]);
  });
});

test("operations from before an eviction share their loads with one another", async () => {
  const gone = () =>
    Promise.reject(new StoreUnavailableError("Redis must be in reach, but is not."));
  cache = createCacheOver({ ...memory(), read: gone, ping: gone }, resolveSettings({}));
  await cache.lookup("other", menu, () => "finds out");
  const since = await cache.position();
  await cache.evictTags(["menu"]);
  const gate = createGate();
  const origin = createOrigin("menu", gate);
  const ask = () => cache.getOrSet("menu", { ...menu, since }, origin.load);
  const first = ask();
  await gate.arrived;
  const second = ask();
  gate.open();
  await Promise.all([first, second]);
  expect(origin.loads).toBe(1);
});

test("an operation shares no load of one from before an eviction that waits for a lost node", async () => {
  const node = "127.0.0.1:7001";
  const evict = () => Promise.reject(new NodeUnavailableError(node));
  cache = createCacheOver({ ...memory(), lostNodes: () => [node], evict }, resolveSettings({}));
  const since = await cache.position();
  expect(await cache.evictTags(["menu"])).toMatchObject({ delivered: false });
  const gate = createGate();
  const before = cache.getOrSet("menu", { ...menu, since }, createOrigin("old", gate).load);
  await gate.arrived;
  const after = { ...menu, since: await cache.position() };
  expect(await cache.lookup("menu", after, () => "new")).toMatchObject({
    value: "new",
    status: "outage",
  });
  gate.open();
  expect(await before).toBe("old");
});

test("nobody shares a load where the store refused to be read: others may have evicted meanwhile", async () => {
  const read = () => Promise.reject(new StoreError("ERR cannot read it"));
  cache = createCacheOver({ ...memory(), read }, resolveSettings({ onOutage: "throw" }));
  const gate = createGate();
  const begun = cache.getOrSet("menu", menu, createOrigin("old", gate).load);
  await gate.arrived;
  const found = await cache.lookup("menu", menu, () => "new");
  expect(found).toMatchObject({ value: "new", status: "bypassed" });
  gate.open();
  expect(await begun).toBe("old");
});
