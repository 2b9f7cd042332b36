import { makeExecutableSchema } from "@graphql-tools/schema";
import { useDeferStream } from "@graphql-yoga/plugin-defer-stream";
import DataLoader from "dataloader";
import { createYoga } from "graphql-yoga";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createCache } from "../../src/cache/cache.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import type { FieldOutcome } from "../../src/directives/observations.js";
import { createGate, type Gate } from "../support/gate.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

interface Context {
  readonly prices: DataLoader<string, number>;
}

/** A server of items whose prices can be deferred, and change under way. */
async function openShop() {
  const cache = createCache({
    redis: redis.client(),
    prefix: `${Math.random()}:`,
    commandTimeoutMs: 5_000,
    earlyRefresh: 0,
  });
  onTestFinished(() => cache.close());
  const directives = cacheDirectives<Context>(cache, { loaders: ({ prices }) => [prices] });
  const origin = { price: 1, batches: [] as number[] };
  let gate: Gate | undefined;
  const outcomes: (readonly FieldOutcome[])[] = [];
  const yoga = createYoga<object, Context>({
    logging: false,
    plugins: [
      useDeferStream(),
      {
        onExecute: ({ args }: { args: { contextValue: object } }) => {
          outcomes.push(directives.observe(args.contextValue, { outcomes: true }).outcomes);
        },
      },
    ],
    schema: directives.apply(
      makeExecutableSchema<Context>({
        typeDefs: [
          directives.typeDefs,
          `type Query { items: [Item!]! }
          type Item { id: ID!  price: Int! @cached(ttl: 60, tags: ["prices"]) }
          type Mutation { setPrice(price: Int!): Item @evictTags(tags: ["prices"]) }`,
        ],
        resolvers: {
          Query: {
            // Primes the loader, then lets the test in.
            items: async (_source, _args, { prices }) => {
              if (gate) {
                await prices.load("a");
                await gate.pass();
              }
              return [{ id: "a" }, { id: "b" }];
            },
          },
          Item: { price: ({ id }, _args, { prices }) => prices.load(id) },
          Mutation: {
            setPrice: (_source, { price }: { price: number }) => {
              origin.price = price;
              return { id: "a" };
            },
          },
        },
      }),
    ),
    context: () => ({
      prices: new DataLoader<string, number>(async (ids) => {
        origin.batches.push(ids.length);
        return ids.map(() => origin.price);
      }),
    }),
  });
  onTestFinished(() => yoga.dispose());

  return {
    origin,
    outcomes,
    holdNext: () => {
      gate = createGate();
      return gate;
    },
    release: () => {
      gate?.open();
      gate = undefined;
    },
    ask: async (query: string): Promise<Part[]> => {
      const response = await yoga.fetch("http://shop/graphql", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "multipart/mixed" },
        body: JSON.stringify({ query }),
      });
      const text = await response.text();
      return Array.from(text.matchAll(/^\{.*\}$/gm), ([json]) => JSON.parse(json) as Part);
    },
  };
}

interface Part {
  readonly data?: unknown;
  readonly errors?: unknown;
  readonly incremental?: readonly { readonly data: unknown; readonly path: unknown }[];
}

const DEFERRED = "{ items { id ... @defer { price } } }";

/** The prices that came later, in the order of the items. */
function pricesIn(parts: readonly Part[]): number[] {
  return parts
    .flatMap(({ incremental = [] }) => incremental)
    .map(({ data, path }) => ({ data, path: String(path) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ data }) => (data as { price: number }).price);
}

describe("a deferred field", () => {
  test("comes after the answer, from one batch, and from the cache the next time", async () => {
    const { ask, origin, outcomes } = await openShop();

    const cold = await ask(DEFERRED);
    const warm = await ask(DEFERRED);

    for (const parts of [cold, warm]) {
      expect(parts[0]?.data).toEqual({ items: [{ id: "a" }, { id: "b" }] });
      expect(pricesIn(parts)).toEqual([1, 1]);
    }
    expect(origin.batches).toEqual([2]);
    expect(outcomes.map((one) => one.map(({ status }) => status))).toEqual([
      ["miss", "miss"],
      ["hit", "hit"],
    ]);
  });

  test("is as old as its operation: what its loader remembers from before an eviction is not stored", async () => {
    const { ask, origin, holdNext, release } = await openShop();
    const gate = holdNext();

    const old = ask(DEFERRED);
    await gate.arrived;
    const [mutated] = await ask("mutation { setPrice(price: 2) { id ... @defer { price } } }");
    release();

    expect(mutated?.data).toEqual({ setPrice: { id: "a" } });
    expect(pricesIn(await old)).toEqual([1, 2]);
    expect(origin.price).toBe(2);
    expect(pricesIn(await ask(DEFERRED))).toEqual([2, 2]);
  });

  test("of a mutation's payload is read past the cache", async () => {
    const { ask } = await openShop();
    await ask(DEFERRED);

    const parts = await ask("mutation { setPrice(price: 3) { ... @defer { price } } }");

    expect(pricesIn(parts)).toEqual([3]);
  });
});
