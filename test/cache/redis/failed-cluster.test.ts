import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import { startCluster } from "../../support/redis-cluster.js";

const options = { ttlSeconds: 60, tags: ["menu"] };

test("a cluster that served nothing while one of its nodes hung is used again once that is back", async () => {
  await using cluster = await startCluster({ nodeTimeoutMs: 1000 });
  const cache = createCache({ redis: cluster.client(), commandTimeoutMs: 300 });
  const ask = (key: string) => cache.lookup(key, options, () => key);
  await expect.poll(() => ask("a"), { timeout: 10_000 }).toMatchObject({ status: "hit" });
  cluster.masters[1]?.pause();
  const lostNodes = async () => {
    for (const key of ["a", "b", "c", "d", "e"]) await ask(key);
    return (await cache.health()).breaker.lostNodes.length;
  };
  await expect.poll(lostNodes, { timeout: 20_000 }).toBe(3);
  // Long enough for the client to ask anew who is there.
  await pause(2000);
  cluster.masters[1]?.resume();
  await expect.poll(() => ask("a"), { timeout: 20_000 }).toMatchObject({ status: "hit" });
  await cache.close();
}, 60_000);
