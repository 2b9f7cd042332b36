import { expect, test } from "vitest";
import { losableCluster } from "../../support/losable-cluster.js";

const cluster = losableCluster("cached:");
const { keys, on, queueOn, events } = cluster;
const [lost, well] = cluster.besides(keys.log) as [number, number];

test("a queue that is first opened while a node hangs that it does not lie on is no outage of the store", async () => {
  const cache = await cluster.open();
  cluster.server(lost).pause();
  const written: string[] = [];
  const queue = cache.writeBehind<string>(queueOn(well), {
    write(writes) {
      for (const { value } of writes) written.push(value);
    },
  });
  await queue.put(on(well).key, { ttlSeconds: 60 }, "put");
  const flushed = () => queue.flush().then(() => "flushed", String);
  // Its connection may ask that node first, again and again.
  await expect.poll(flushed, { timeout: 55_000 }).toBe("flushed");
  expect(written).toEqual(["put"]);
  expect(events.filter((event) => event.type === "outage" && !event.node)).toEqual([]);
}, 60_000);
