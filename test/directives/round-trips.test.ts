import { makeExecutableSchema } from "@graphql-tools/schema";
import DataLoader from "dataloader";
import { type ExecutionResult, execute, parse } from "graphql";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCache } from "../../src/cache/cache.js";
import type { Cache } from "../../src/cache/types.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { type CountingProxy, startCountingProxy } from "../support/counting-proxy.js";
import { isOfReading } from "../support/reading-trips.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";

interface Context {
  readonly loader: DataLoader<string, string>;
}

let server: RedisServer;
let proxy: CountingProxy;
let client: Redis;
let cache: Cache;

beforeAll(async () => {
  server = await startRedis();
  proxy = await startCountingProxy(server.port);
  client = new Redis(proxy.url);
  cache = createCache({
    redis: client,
    commandTimeoutMs: 5_000,
    earlyRefresh: 0,
    maxConcurrentLoads: 1,
  });
  // A first fill connects, and brings the scripts to the server.
  await cache.getOrSet("first", { ttlSeconds: 60, tags: ["first"] }, () => 1);
});
afterAll(async () => {
  await cache.close();
  client.disconnect();
  await proxy[Symbol.asyncDispose]();
  await server.stop();
});

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A schema of its own for each test, so that all of it is cold. */
function openLists(name: string) {
  const batches: number[] = [];
  const directives = cacheDirectives<Context>(cache, { loaders: ({ loader }) => [loader] });
  const load = (what: string) => (parent: { id: unknown }, _args: unknown, context: Context) =>
    context.loader.load(`${what} ${parent.id}`);
  const schema = directives.apply(
    makeExecutableSchema<Context>({
      typeDefs: [
        directives.typeDefs,
        `type Query { items(count: Int!): [Item]!  shelves: [Shelf!]!  nodes: [Node!]! }
        interface Node {
          id: ID!
          name: String! @cached(ttl: 60, tags: ["${name}:{parent.id}"])
        }
        type Item implements Node {
          id: ID!
          name: String!
          size: Int! @cached(ttl: 60, tags: ["${name}:{parent.id}"])
          owned: String! @cached(ttl: 60, tags: ["${name}-owner:{result}"])
          spare: String @cached(ttl: 60, nullTtl: 0, tags: ["${name}:{parent.id}"])
          parts: [Part!]! @cached(ttl: 60, tags: ["${name}:{parent.id}"])
        }
        type Part { id: ID!  note: String! @cached(ttl: 60, key: "${name}-{parent.id}") }
        type Other implements Node { id: ID! name: String! }
        type Shelf { id: ID!  rows: [[Item!]!]! }`,
      ],
      resolvers: {
        Query: {
          items: (_source, { count }: { count: number }) =>
            numbers(count).map((id) => (id === 7 ? null : { id })),
          shelves: () => numbers(10).map((id) => ({ id })),
          nodes: () =>
            numbers(100).map((id) => ({ id, __typename: id % 2 === 0 ? "Item" : "Other" })),
        },
        Item: {
          name: load("name"),
          size: ({ id }, _args, context) => context.loader.load(`size ${id}`).then(() => 3),
          owned: load("owner of"),
          spare: ({ id }, _args, context) => context.loader.load(`spare ${id}`).then(() => null),
          parts: ({ id }) => numbers(3).map((part) => ({ id: `${id}-${part}` })),
        },
        Other: { name: load("name") },
        Part: { note: load("note") },
        Shelf: {
          rows: ({ id }) =>
            numbers(2).map((row) => numbers(5).map((place) => ({ id: `${id}-${row}-${place}` }))),
        },
      },
    }),
  );
  return async (query: string) => {
    batches.length = 0;
    proxy.trips.length = 0;
    const loader = new DataLoader<string, string>(async (keys) => {
      batches.push(keys.length);
      return keys;
    });
    const answer = await execute({ schema, document: parse(query), contextValue: { loader } });
    const { data, errors } = answer as ExecutionResult<Record<string, unknown[]>>;
    expect(errors).toBeUndefined();
    return { data, batches: [...batches], trips: proxy.trips.filter(isOfReading).length };
  };
}

describe("on a server, a cached field of a list", () => {
  test.each([100, 1000])(
    "of %i costs two round trips cold (reads, leases) and one warm, and one batch of its loader",
    async (count) => {
      const run = openLists(`flat-${count}`);
      const query = `{ items(count: ${count}) { name } }`;

      const cold = await run(query);
      const warm = await run(query);

      expect(cold.data?.items).toHaveLength(count);
      expect([cold.trips, cold.batches]).toEqual([2, [count - 1]]);
      expect([warm.trips, warm.batches]).toEqual([1, []]);
      expect(warm.data).toEqual(cold.data);
    },
  );

  test("shares them with the other cached fields of its level", async () => {
    const run = openLists("two");
    const query = "{ items(count: 100) { name size } }";

    expect(await run(query)).toMatchObject({ trips: 2, batches: [198] });
    expect(await run(query)).toMatchObject({ trips: 1, batches: [] });
  });

  test("costs one more warm where its tags are known only from its results", async () => {
    const run = openLists("owned");
    const query = "{ items(count: 100) { owned } }";

    expect((await run(query)).batches).toEqual([99]);
    expect(await run(query)).toMatchObject({ trips: 2, batches: [] });
  });

  test("costs the same in lists of lists, and behind an interface", async () => {
    const run = openLists("nested");

    for (const query of ["{ shelves { rows { name } } }", "{ nodes { name } }"]) {
      expect(await run(query), query).toMatchObject({ trips: 2, batches: [100] });
      expect(await run(query), query).toMatchObject({ trips: 1, batches: [] });
    }
  });

  test("costs as much again for each level of cached lists", async () => {
    const run = openLists("levels");
    const query = "{ items(count: 100) { parts { note } } }";

    expect(await run(query)).toMatchObject({ trips: 4, batches: [297] });
    expect(await run(query)).toMatchObject({ trips: 2, batches: [] });
  });

  test("costs the same, and one batch, where some of it left nothing to store a moment ago", async () => {
    const run = openLists("spare");

    expect(await run("{ items(count: 50) { spare } }")).toMatchObject({ trips: 2, batches: [49] });
    expect(await run("{ items(count: 100) { spare } }")).toMatchObject({ trips: 2, batches: [99] });
  });

  test("asks for no more than what went", async () => {
    const run = openLists("some");
    const query = "{ items(count: 100) { name } }";
    await run(query);
    await cache.evictTags(["some:3", "some:50"]);

    expect(await run(query)).toMatchObject({ batches: [2] });
  });
});
