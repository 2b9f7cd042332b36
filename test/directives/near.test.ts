import { makeExecutableSchema } from "@graphql-tools/schema";
import { type ExecutionResult, execute, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { createCache } from "../../src/cache/cache.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import { skippingClock } from "../support/skipping-clock.js";

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const MENU = parse("{ menu { name sizes { price } } nothing }");

/** A menu whose fields are cached near, as a process of its own has it. */
async function openMenu({ earlyRefresh = 0, ttl = 60, loadMs = 0 } = {}) {
  const cache = createCache({
    redis: server.client(),
    commandTimeoutMs: 2_000,
    earlyRefresh,
    near: { maxAgeSeconds: 60 },
  });
  onTestFinished(() => cache.close());
  await expect.poll(async () => (await cache.health()).problems).toEqual([]);
  const directives = cacheDirectives(cache);
  let loads = 0;
  const clock = skippingClock();
  const counted = <T>(value: T) => {
    loads += 1;
    clock.skip(loadMs);
    return value;
  };
  const schema = directives.apply(
    makeExecutableSchema({
      typeDefs: [
        directives.typeDefs,
        `type Query {
          menu: [Item!]! @cached(ttl: ${ttl}, tags: ["menu"])
          nothing: String @cached(ttl: ${ttl}, tags: ["menu"])
        }
        type Item { id: ID!  name: String!  sizes: [Size!]! @cached(ttl: ${ttl}, tags: ["menu"]) }
        type Size { price: Int! }
        type Mutation { raise: Boolean! @evictTags(tags: ["menu"]) }`,
      ],
      resolvers: {
        Query: {
          menu: () => counted(["a", "b"].map((id) => ({ id, name: id }))),
          nothing: () => counted(null),
        },
        Item: { sizes: ({ id }) => counted([{ price: id === "a" ? 1 : 2 }]) },
        Mutation: { raise: () => true },
      },
    }),
  );
  return { cache, loads: () => loads, run: (document = MENU) => execute({ schema, document }) };
}

describe("fields that are near", () => {
  test("are answered without a single promise, as they were with", async () => {
    const { run, loads } = await openMenu();
    const cold = await run();
    await expect.poll(async () => (await run()) && run() instanceof Promise).toBe(false);
    const before = loads();
    const warm = run() as ExecutionResult;
    expect(warm).not.toBeInstanceOf(Promise);
    expect(warm).toEqual(cold);
    expect(loads()).toBe(before);
  });

  test("are loaded anew after a mutation of this process and of another", async () => {
    const [here, there] = [await openMenu(), await openMenu()];
    for (const evictor of [here, there]) {
      await here.run();
      await expect
        .poll(async () => (await here.run()) && here.run() instanceof Promise)
        .toBe(false);
      const before = here.loads();
      await evictor.run(parse("mutation { raise }"));
      await expect
        .poll(async () => {
          await here.run();
          return here.loads();
        })
        .toBeGreaterThan(before);
    }
  });

  test("are refreshed in the background by whoever was chosen, who is answered at once", async () => {
    // Each that finds an entry is chosen: its end is nearer than a hundred loads.
    const { run, loads } = await openMenu({ earlyRefresh: 100, ttl: 5, loadMs: 20 });
    const dice = vi.spyOn(Math, "random").mockReturnValue(0);
    onTestFinished(() => dice.mockRestore());
    await expect.poll(async () => (await run()) && run() instanceof Promise).toBe(false);
    const before = loads();
    dice.mockReturnValue(0.999);
    const answer = run();
    expect(answer).not.toBeInstanceOf(Promise);
    expect((answer as ExecutionResult).errors).toBeUndefined();
    // The menu, its two lists of sizes, and what is null.
    await expect.poll(loads).toBe(before + 4);
  });
});
