import { expect, test } from "vitest";
import { createGate } from "../../support/gate.js";
import { losableCluster } from "../../support/losable-cluster.js";
import { createOrigin } from "../../support/origin.js";

const cluster = losableCluster("cached:");
const { keys, on, open, lose, recover } = cluster;
const ofLog = cluster.masterOf(keys.log);
const [lost, well] = cluster.besides(keys.log) as [number, number];

test("a lost node takes what lies on it; what lies elsewhere is found, filled and evicted", async () => {
  const cache = await open();
  const [here, there] = [on(well), on(lost)];
  await cache.getOrSet(here.key, here.options, () => "kept");
  await cache.getOrSet(there.key, there.options, () => "kept");
  await lose(cache, lost);

  const lookUp = ({ key, options }: typeof here, value: string) =>
    cache.lookup(key, options, () => value);
  expect(await lookUp(here, "loaded")).toMatchObject({ value: "kept", status: "hit" });
  expect(await lookUp(there, "loaded")).toMatchObject({ value: "loaded", status: "outage" });
  const another = on(well, 1);
  expect(await lookUp(another, "new")).toMatchObject({ status: "miss" });
  expect(await lookUp(another, "newer")).toMatchObject({ value: "new", status: "hit" });
  expect(await cache.evictTags(here.options.tags)).toMatchObject({ delivered: true });
  expect(await lookUp(here, "after")).toMatchObject({ value: "after", status: "miss" });
  expect(await cache.health()).toMatchObject({
    status: "degraded",
    breaker: { state: "closed", lostNodes: [cluster.addressOf(lost)] },
  });

  await recover(lost);
  expect(await lookUp(there, "loaded")).toMatchObject({ value: "kept", status: "hit" });
  await expect.poll(() => cache.health()).toMatchObject({ status: "ok" });
});

test("one read needs of many names nothing that others wait for: each is answered by what it needs", async () => {
  const cache = await open();
  const [here, there] = [on(well, 2), on(lost, 2)];
  await cache.getOrSet(here.key, here.options, () => "kept");
  await lose(cache, lost);
  const answers = await cache.getOrSetMany(
    [here.key, there.key],
    (key) => (key === here.key ? here.options : there.options),
    (missing) => missing.map((key) => `loaded ${key}`),
  );
  expect(answers).toEqual(["kept", `loaded ${there.key}`]);
  await recover(lost);
});

test("an eviction that a lost node must take binds this process at once, and all from the node's return", async () => {
  const [cache, other] = [await open(), await open()];
  // The entry is on a node that is well, its tag on the one that is lost.
  const { key } = on(well, 3);
  const { options } = on(lost, 3);
  await cache.getOrSet(key, options, () => "old");
  await lose(cache, lost);
  expect(await cache.evictTags(options.tags)).toMatchObject({ delivered: false });
  expect(await cache.getOrSet(key, options, () => "new")).toBe("new");
  expect(await cache.health()).toMatchObject({ undeliveredEvictions: 1 });
  await recover(lost);
  await expect.poll(async () => (await cache.health()).undeliveredEvictions).toBe(0);
  expect(await other.getOrSet(key, options, () => "newer")).toBe("newer");
});

test("without the log nothing is filled or evicted, and what is there is found", async () => {
  const cache = await open();
  const [here, another] = [on(well, 4), on(well, 5)];
  await cache.getOrSet(here.key, here.options, () => "kept");
  await lose(cache, ofLog);
  const lookUp = ({ key, options }: typeof here) => cache.lookup(key, options, () => "loaded");
  expect(await lookUp(here)).toMatchObject({ value: "kept", status: "hit" });
  expect(await lookUp(another)).toMatchObject({ value: "loaded", remainingSeconds: 0 });
  expect(await cache.evictTags(here.options.tags)).toMatchObject({ delivered: false });
  expect(await lookUp(here)).toMatchObject({ value: "loaded", status: "outage" });
  await recover(ofLog);
  await expect.poll(async () => (await cache.health()).undeliveredEvictions).toBe(0);
  expect(await cache.lookup(here.key, here.options, () => "after")).toMatchObject({
    value: "after",
    status: "miss",
  });
});

test("loads of what a lost node holds are shared, until this process evicts it", async () => {
  const cache = await open();
  const { key, options } = on(lost, 6);
  await lose(cache, lost);
  const gate = createGate();
  const origin = createOrigin("old", gate);
  const callers = [1, 2, 3].map(() => cache.getOrSet(key, options, origin.load));
  await gate.arrived;
  await cache.evictTags(options.tags);
  expect(await cache.getOrSet(key, options, () => "new")).toBe("new");
  gate.open();
  expect(await Promise.all(callers)).toEqual(["old", "old", "old"]);
  expect(origin.loads).toBe(1);
  await recover(lost);
});

test("a node that comes back without what it had acknowledged is not trusted, however the user's client retries", async () => {
  const cache = await open({ redis: cluster.client({ clusterNodeRetryStrategy: () => 20 }) });
  const { key, options } = on(lost);
  const master = cluster.server(lost);
  const before = master.client();
  const [tag] = options.tags as [string];
  await cache.getOrSet(key, options, () => "old");
  await expect.poll(() => before.ttl(keys.tag(tag))).toBeGreaterThan(60);
  await before.save();
  expect(await cache.evictTags([tag])).toMatchObject({ delivered: true });
  await expect.poll(() => before.exists(keys.pending(tag))).toBe(0);
  // Nothing is asked of it meanwhile, which would show that it is away.
  await master.kill();
  await master.restart();
  const admin = master.client();
  const isBack = expect.poll(() => admin.cluster("INFO"), { timeout: 20_000 });
  await isBack.toContain("cluster_state:ok");
  expect(await cache.get(key)).toBeUndefined();
});
