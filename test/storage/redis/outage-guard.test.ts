import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { createOutageGuard } from "../../../src/storage/redis/outage-guard.js";
import { freePort } from "../../support/free-port.js";
import { heapBytes } from "../../support/heap.js";

test("an outage without an end gathers nothing of the commands that it refused", async () => {
  const client = new Redis({ port: await freePort(), lazyConnect: true });
  client.on("error", () => {});
  const guard = createOutageGuard(client, { timeoutMs: 5, pauseMs: 0 });
  const refuseSome = () =>
    Promise.allSettled(Array.from({ length: 500 }, () => guard.run("a", () => client.get("a"))));
  await refuseSome();
  const before = heapBytes();
  for (let time = 0; time < 10; time += 1) await refuseSome();
  expect(heapBytes() - before).toBeLessThan(1_000_000);
  client.disconnect();
});
