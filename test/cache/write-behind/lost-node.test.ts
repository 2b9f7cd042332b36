import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Cache } from "../../../src/cache/index.js";
import { createGate } from "../../support/gate.js";
import { losableCluster } from "../../support/losable-cluster.js";
import { createOriginTable } from "./write-behind-conformance.js";

type Writes = Parameters<ReturnType<typeof createOriginTable>["write"]>[0];

/** One whose log lies on a node that is not lost. */
const cluster = losableCluster("test:");
const { keys, on, open, queueOn, events } = cluster;
/** Where the first word of XREADGROUP would lie, were it a key. */
const lost = cluster.masterOf("GROUP");
const [well] = cluster.besides("GROUP", keys.log) as [number];
const lose = (cache: Cache) => cluster.lose(cache, lost);
const recover = () => cluster.recover(lost);

test("a lost node that a queue lies on takes the queue, and nothing else, until it is back", async () => {
  const cache = await open();
  const queue = cache.writeBehind<string>(queueOn(lost), { write: () => {} });
  await queue.flush();
  const here = on(well);
  await cache.getOrSet(here.key, here.options, () => "kept");
  await lose(cache);
  await expect(queue.flush()).rejects.toMatchObject({ code: "E_STORE_UNAVAILABLE" });
  await expect(queue.put(here.key, here.options, "put")).rejects.toThrow();
  expect(await cache.health()).toMatchObject({
    breaker: { state: "closed", lostNodes: [cluster.addressOf(lost)] },
  });
  expect(await cache.lookup(here.key, here.options, () => "loaded")).toMatchObject({
    value: "kept",
    status: "hit",
  });
  await recover();
  const flushed = () =>
    queue.put(here.key, here.options, "put").then(
      () => queue.flush().then(() => "flushed"),
      () => "refused",
    );
  await expect.poll(flushed, { timeout: 10_000 }).toBe("flushed");
});

test("a lost node that one queue lies on takes no other from a process", async () => {
  const [cache, origin] = [await open(), createOriginTable()];
  const other = cache.writeBehind<string>(queueOn(lost), { write: () => {} });
  const queue = cache.writeBehind<string>(queueOn(well), {
    delaySeconds: 0,
    write: (writes) => origin.write(writes),
  });
  await Promise.all([other.flush(), queue.flush()]);
  await lose(cache);
  await expect(other.flush()).rejects.toMatchObject({ code: "E_STORE_UNAVAILABLE" });
  const { key, options } = on(well);
  await queue.put(key, options, "put");
  await queue.flush();
  expect(origin.value(key)).toBe("put");
  await recover();
});

test("a queue tells its state, though a node is lost that it does not lie on", async () => {
  const cache = await open();
  const queue = cache.writeBehind<string>(queueOn(well), { write: () => {} });
  await queue.health();
  await lose(cache);
  // A command that names no key may be sent to any node.
  for (let turn = 0; turn < 10; turn += 1) {
    expect(await queue.health()).toMatchObject({ pending: 0, oldestSeconds: 0 });
  }
  expect(await cache.health()).toMatchObject({ breaker: { state: "closed" } });
  await recover();
});

test("a write that waits for a lost node is tried when that is back, and no dead letter", async () => {
  const cache = await open({ leaseSeconds: 0.2 });
  const origin = createOriginTable();
  const queue = cache.writeBehind<string>(queueOn(well), {
    delaySeconds: 0.1,
    maxAttempts: 2,
    write: (writes) => origin.write(writes),
  });
  const { key } = on(well);
  await queue.put(key, on(lost).options, "put");
  await lose(cache);
  // Whoever holds it lets go of it, and takes it up again, a number of times.
  await pause(1500);
  expect(origin.writes).toEqual([]);
  await recover();
  await queue.flush();
  expect(origin.value(key)).toBe("put");
  expect(await queue.deadLetters()).toEqual([]);
});

test("a write on a lost node keeps none that it shares a batch with from being done", async () => {
  const cache = await open({ leaseSeconds: 0.2 });
  const [origin, busy, gate] = [createOriginTable(), createGate(), createGate()];
  const queue = cache.writeBehind<string>(queueOn(well), {
    delaySeconds: 0,
    async write(writes) {
      await (busy.isOpen ? gate : busy).pass();
      origin.write(writes);
    },
  });
  const [here, there] = [on(well), on(lost)];
  const list = on(well, 1).key;
  await cache.getOrSet(list, here.options, () => "before");
  await queue.put("keeps the worker busy", { ttlSeconds: 60 }, "put");
  await busy.arrived;
  await queue.put(here.key, here.options, "put");
  await queue.put(there.key, { ttlSeconds: 60 }, "put");
  busy.open();
  await gate.arrived;
  await lose(cache);
  gate.open();
  await expect.poll(() => cache.getOrSet(list, here.options, () => "after")).toBe("after");
  await expect.poll(() => queue.health()).toMatchObject({ pending: 1 });
  // It is taken up again a number of times, and brought to the origin with none of them.
  await pause(1500);
  await recover();
  await queue.flush();
  const timesOf = (key: string) => origin.writes.filter((write) => write.key === key).length;
  expect([timesOf(here.key), timesOf(there.key)]).toEqual([1, 2]);
  expect(await queue.health()).toMatchObject({ pending: 0, deadLetters: 0 });
});

test("a write whose queue lies on a lost node stands in for the origin as ever", async () => {
  const [cache, gate] = [await open(), createGate()];
  const queue = cache.writeBehind<string>(queueOn(lost), {
    delaySeconds: 0,
    write: () => gate.pass(),
  });
  const { key, options } = on(well);
  await queue.put(key, options, "put");
  await gate.arrived;
  await lose(cache);
  await cache.delete(key);
  expect(await cache.get(key)).toBe("put");
  expect(await cache.getOrSet(key, options, () => "old")).toBe("put");
  gate.open();
  await recover();
  await expect.poll(() => queue.flush().then(() => "flushed", String)).toBe("flushed");
});

/** A process brings a write to its origin while the node of its tag is lost, and ends before that is back. */
async function endBeforeDelivery(origin: (writes: Writes) => void, maxAttempts = 15) {
  const [first, second, gate] = [
    await open({ leaseSeconds: 1 }),
    await open({ leaseSeconds: 1 }),
    createGate(),
  ];
  const [here, { options }, list] = [on(well), on(lost), on(well, 1).key];
  const openQueue = (cache: Cache) =>
    cache.writeBehind<string>(queueOn(well), {
      delaySeconds: 0,
      maxAttempts,
      async write(writes) {
        await gate.pass();
        origin(writes);
      },
    });
  await second.getOrSet(list, options, () => "before");
  // Connects, while all nodes are there.
  await second.writeBehind("another", { write: () => {} }).flush();
  const queue = openQueue(first);
  await queue.put(here.key, options, "put");
  await gate.arrived;
  await lose(first);
  gate.open();
  const undelivered = () => events.filter((event) => event.type === "evict" && !event.delivered);
  await expect.poll(undelivered).not.toEqual([]);
  // It ends in time.
  await first.close();
  const rest = openQueue(second);
  expect(await rest.health()).toMatchObject({ pending: 1, deadLetters: 0 });
  cluster.server(lost).resume();
  await rest.flush();
  return { rest, read: () => second.getOrSet(list, options, () => "after") };
}

test("a write whose tags lay on a lost node is written once more, or their eviction would end with its process", async () => {
  const origin = createOriginTable();
  const { rest, read } = await endBeforeDelivery((writes) => origin.write(writes));
  expect(await read()).toBe("after");
  // What the store failed at is no attempt.
  expect(origin.writes.map(({ attempt }) => attempt)).toEqual([1, 1]);
  expect(await rest.health()).toMatchObject({ pending: 0, deadLetters: 0 });
});

test("a write that is given up is put aside once its tags are evicted", async () => {
  let attempts = 0;
  const { rest, read } = await endBeforeDelivery(() => {
    attempts += 1;
    throw new Error("no");
  }, 1);
  expect(await read()).toBe("after");
  expect(attempts).toBe(2);
  expect(await rest.health()).toMatchObject({ pending: 0, deadLetters: 1 });
});
