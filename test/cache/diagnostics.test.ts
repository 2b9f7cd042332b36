import { channel, tracingChannel } from "node:diagnostics_channel";
import { expect, it } from "vitest";
import { createCache } from "../../src/cache/index.js";

it("tells tracers of every event, hits included", async () => {
  const events: unknown[] = [];
  const listener = (event: unknown) => events.push(event);
  channel("graphql-cached:event").subscribe(listener);
  const cache = createCache();
  await cache.getOrSet("k", { ttlSeconds: 60, coordinate: "Query.menu" }, () => 1);
  await cache.getOrSet("k", { ttlSeconds: 60, coordinate: "Query.menu" }, () => 1);
  channel("graphql-cached:event").unsubscribe(listener);
  await cache.get("nobody listens");
  expect(events).toMatchObject(
    ["miss", "load", "fill", "hit"].map((type) => ({ type, key: "k", coordinate: "Query.menu" })),
  );
  expect(cache.stats()).toMatchObject({ hits: 1, misses: 1 });
  await cache.close();
});

it("lets tracers follow a load from its start to its end", async () => {
  const steps: Array<[string, unknown]> = [];
  const note = (step: string) => (about: { key?: unknown; error?: unknown }) =>
    steps.push([step, about.error ?? about.key]);
  const tracer = {
    start: note("start"),
    end: () => {},
    asyncStart: note("asyncStart"),
    asyncEnd: () => {},
    error: note("error"),
  };
  tracingChannel("graphql-cached:load").subscribe(tracer);
  const cache = createCache();
  await cache.getOrSet("good", { ttlSeconds: 60 }, () => 1);
  await cache.getOrSet("bad", { ttlSeconds: 60 }, () => Promise.reject("down")).catch(() => {});
  tracingChannel("graphql-cached:load").unsubscribe(tracer);
  await cache.close();
  expect(steps).toEqual([
    ["start", "good"],
    ["asyncStart", "good"],
    ["start", "bad"],
    ["error", "down"],
    ["asyncStart", "down"],
  ]);
});
