import { ApolloServerPluginInlineTraceDisabled } from "@apollo/server/plugin/disabled";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { execute, type GraphQLSchema, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createCache } from "../../src/cache/cache.js";
import type { CacheOptions } from "../../src/cache/cache-options.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { createTestCache } from "../directives/support/cached-schema.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import { apollo } from "./support/servers.js";
import { createShop, type ShopContext } from "./support/shop.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const typeDefs = (directive: string) => `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])
  type Item @key(fields: "id") @key(fields: "sku") ${directive} {
    id: ID!
    sku: String!
    price: Int!
    weight: Int @external
    freight: Int @requires(fields: "weight")
    label: String! @cached(ttl: 60, tags: ["item:{parent.id}"])
  }
  type Query { version: String }
  type Mutation { setPrice(id: ID!, price: Int!): Item @evictTags(tags: ["item:{args.id}"]) }
`;

interface Reference {
  readonly id?: string;
  readonly sku?: string;
  readonly weight?: number;
}

/** A subgraph whose items are loaded by a batching loader. */
async function openSubgraph(
  directive = '@cached(ttl: 60, tags: ["item:{result.id}"])',
  cacheOptions: CacheOptions = {},
) {
  const shop = createShop();
  const problems: unknown[] = [];
  const cache = createCache({
    redis: redis.client(),
    prefix: `${Math.random()}:`,
    commandTimeoutMs: 5_000,
    earlyRefresh: 0,
    ...cacheOptions,
  });
  onTestFinished(() => cache.close());
  await expect.poll(async () => (await cache.health()).problems).toEqual([]);
  const directives = cacheDirectives<ShopContext>(cache, {
    loaders: ({ loaders }) => ({ ...loaders }),
    onProblem: (problem) => problems.push(problem),
  });
  const schema: GraphQLSchema = directives.apply(
    buildSubgraphSchema({
      typeDefs: parse(directives.typeDefs + typeDefs(directive)),
      resolvers: {
        Item: {
          __resolveReference: async ({ id, sku, weight }: Reference, { loaders }: ShopContext) => {
            const known = id ?? String(sku).replace("sku-", "");
            const price = await loaders.prices.load(known).catch(() => undefined);
            return price === undefined ? null : { id: known, sku: `sku-${known}`, price, weight };
          },
          freight: ({ weight }: Reference) => (weight ?? 0) * 2,
          label: ({ id }: Reference) => {
            shop.count("label");
            return `the ${id}`;
          },
        },
        Mutation: {
          setPrice: (_source: unknown, { id, price }: { id: string; price: number }) => {
            shop.prices.set(id, price);
            return { id, sku: `sku-${id}`, price };
          },
        },
      },
    }),
  );
  const server = await apollo(ApolloServerPluginInlineTraceDisabled())(schema, shop.context);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return {
    shop,
    cache,
    problems,
    /** What the router asks. */
    entities: async (references: readonly Reference[], selection = "id price") => {
      const { data, errors } = await server.ask(
        `query Q($of: [_Any!]!) { _entities(representations: $of) { ... on Item { ${selection} } } }`,
        { variables: { of: references.map((sent) => ({ __typename: "Item", ...sent })) } },
      );
      expect(errors).toBeUndefined();
      return data?._entities;
    },
    setPrice: (id: string, price: number) =>
      server.ask(`mutation { setPrice(id: "${id}", price: ${price}) { price } }`),
  };
}

describe.each<[string, CacheOptions]>([
  ["Redis", {}],
  ["Redis and a near cache", { near: { maxAgeSeconds: 60 } }],
])("an entity of a subgraph, over %s", (_name, cacheOptions) => {
  const cached = '@cached(ttl: 60, tags: ["item:{result.id}"])';

  test("is cached by its reference, and references are loaded as one batch", async () => {
    const { entities, shop, problems } = await openSubgraph(cached, cacheOptions);
    const references = [{ id: "a" }, { id: "b" }, { id: "a" }];
    const answer = [
      { id: "a", price: 10 },
      { id: "b", price: 10 },
      { id: "a", price: 10 },
    ];

    for (let time = 0; time < 4; time += 1) expect(await entities(references)).toEqual(answer);

    expect(shop.batches.prices).toEqual([2]);
    expect(problems).toEqual([]);
  });

  test("is loaded anew once a mutation evicted it", async () => {
    const { entities, setPrice } = await openSubgraph(cached, cacheOptions);
    await entities([{ id: "a" }, { id: "b" }]);

    expect((await setPrice("a", 12)).data).toEqual({ setPrice: { price: 12 } });

    expect(await entities([{ id: "a" }, { id: "b" }])).toEqual([
      { id: "a", price: 12 },
      { id: "b", price: 10 },
    ]);
  });

  test("that is not there is a null, which is cached", async () => {
    const { entities, shop } = await openSubgraph("@cached(ttl: 60)", cacheOptions);

    expect(await entities([{ id: "nowhere" }])).toEqual([null]);
    expect(await entities([{ id: "nowhere" }])).toEqual([null]);
    expect(shop.batches.prices).toEqual([1]);
  });

  test("is kept apart by all that the router sent: its other keys, and what it requires", async () => {
    const { entities } = await openSubgraph(cached, cacheOptions);

    expect(await entities([{ sku: "sku-a" }], "id")).toEqual([{ id: "a" }]);
    expect(await entities([{ id: "a", weight: 1 }], "freight")).toEqual([{ freight: 2 }]);
    expect(await entities([{ id: "a", weight: 4 }], "freight")).toEqual([{ freight: 8 }]);
  });

  test("has cached fields like any other type", async () => {
    const { entities, shop } = await openSubgraph(cached, cacheOptions);

    expect(await entities([{ id: "a" }, { id: "b" }], "label")).toEqual([
      { label: "the a" },
      { label: "the b" },
    ]);
    await entities([{ id: "a" }, { id: "b" }], "label");
    expect(shop.asked("label")).toBe(2);
  });
});

describe("a cached field of an entity", () => {
  test.each([
    ["@requires", '"@requires"'],
    ["@needs", '{ name: "@requires", as: "@needs" }'],
  ])(
    "is kept apart by what it requires, which the router brings anew: %s",
    async (requires, imported) => {
      interface Parcel {
        readonly id: string;
        readonly weight: number;
        readonly box?: { readonly height: number };
      }
      const directives = cacheDirectives(createTestCache());
      const schema = directives.apply(
        buildSubgraphSchema({
          typeDefs: parse(
            `${directives.typeDefs}
          extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", ${imported}])
          type Parcel @key(fields: "id") {
            id: ID!
            weight: Int @external
            box: Box
            freight: Int ${requires}(fields: "weight box { height }") @cached(ttl: 60)
          }
          type Box { height: Int @external }
          type Query { version: String }`,
          ),
          resolvers: {
            Parcel: { freight: ({ weight, box }: Parcel) => weight + (box?.height ?? 0) },
          } as never,
        }),
      );
      const document = parse(
        "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Parcel { freight } } }",
      );
      const freights = async (...sent: Omit<Parcel, "id">[]) => {
        const of = sent.map((each) => ({ __typename: "Parcel", id: "1", ...each }));
        const contextValue = {};
        const { outcomes } = directives.observe(contextValue, { outcomes: true });
        const { data } = await execute({ schema, document, variableValues: { of }, contextValue });
        return [data?._entities, outcomes.map(({ status }) => status)];
      };

      expect(await freights({ weight: 1 })).toEqual([[{ freight: 1 }], ["miss"]]);
      expect(await freights({ weight: 1 }, { weight: 2 })).toEqual([
        [{ freight: 1 }, { freight: 2 }],
        ["hit", "miss"],
      ]);
      expect(await freights({ weight: 1, box: { height: 5 } })).toEqual([
        [{ freight: 6 }],
        ["miss"],
      ]);
    },
  );
});

describe("entities of one request", () => {
  test("that vary by different things are each answered for what they were made for", async () => {
    const entity = (type: string, by: string) => `
      type ${type} @key(fields: "id") @cached(ttl: 60, vary: ["${by}"]) { id: ID! label: String! @cached(ttl: 60) }`;
    interface Made {
      readonly id: string;
      readonly made: string;
    }
    type Context = Readonly<Record<"locale" | "tenant", string>>;
    const directives = cacheDirectives<Context>(createTestCache(), {
      vary: { locale: ({ locale }) => locale, tenant: ({ tenant }) => tenant },
    });
    const typeOf = (by: keyof Context) => ({
      __resolveReference: ({ id }: { id: string }, context: Context): Made => ({
        id,
        made: context[by],
      }),
      label: ({ made }: Made) => `for ${made}`,
    });
    const schema = directives.apply(
      buildSubgraphSchema({
        typeDefs: parse(
          `${directives.typeDefs} extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
          ${entity("A", "locale")} ${entity("B", "tenant")} type Query { version: String }`,
        ),
        resolvers: { A: typeOf("locale"), B: typeOf("tenant") } as never,
      }),
    );
    const document = parse(
      "query ($of: [_Any!]!) { _entities(representations: $of) { ... on A { label } ... on B { label } } }",
    );
    for (const locale of ["de", "fr", "de"]) {
      for (const of of [["A", "B"], ["B", "A"], ["A"]]) {
        const { data } = await execute({
          schema,
          document,
          variableValues: { of: of.map((__typename) => ({ __typename, id: "1" })) },
          contextValue: { locale, tenant: "t" },
        });
        const labels = of.map((type) => ({ label: type === "A" ? `for ${locale}` : "for t" }));
        expect(data).toEqual({ _entities: labels });
      }
    }
  });
});

describe("@cached on a type", () => {
  test("takes tags and a key from the reference", async () => {
    const { entities, cache, shop } = await openSubgraph(
      '@cached(ttl: 60, key: "{parent.id}", tags: ["item:{parent.id}"])',
    );
    await entities([{ id: "a", weight: 1 }]);
    await entities([{ id: "a", weight: 2 }]);
    expect(shop.batches.prices).toEqual([1]);

    await cache.evictTags(["item:a"]);
    await entities([{ id: "a" }]);
    expect(shop.batches.prices).toEqual([1, 1]);
  });

  test("is refused where no router can ask for it", () => {
    const directives = cacheDirectives(createTestCache());
    const build = () =>
      directives.apply(
        makeExecutableSchema({
          typeDefs: [
            directives.typeDefs,
            "type Query { item: Item } type Item @cached(ttl: 60) { id: ID! }",
          ],
        }),
      );

    expect(build).toThrow(
      "Item: @cached on a type caches what its __resolveReference gives to the router of a federated graph, but it has none. Elsewhere @cached stands on fields.",
    );
  });
});
