// A plain client on a node of a cluster: an MGET whose names lie in several slots is refused as a whole.
import { expect, test } from "vitest";
import { openConnection } from "../../../src/cache/redis/connection.js";
import { Fetch } from "../../../src/cache/redis/fetch.js";
import { startRedis } from "../../support/redis-server.js";

test("a refused chunk moves no other name's bytes to a wrong place", async () => {
  await using server = await startRedis({ args: ["--cluster-enabled", "yes"] });
  const redis = server.client();
  await redis.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383);
  await expect
    .poll(() => redis.set("name512", "bytes of name512").catch(() => ""), { timeout: 10_000 })
    .toBe("OK");
  const connection = openConnection(redis, 2_000);
  const fetch = new Fetch(connection);
  const places = Array.from({ length: 513 }, (_, index) => fetch.ask(`name${index}`));
  await fetch.run().catch(() => {});
  // Place 1 is name1, which is absent.
  expect(fetch.reply(places[1] as number)?.toString()).toBeUndefined();
  connection.close();
});
