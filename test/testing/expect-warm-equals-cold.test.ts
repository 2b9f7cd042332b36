import { makeExecutableSchema } from "@graphql-tools/schema";
import type { GraphQLSchema } from "graphql";
import { describe, expect, test } from "vitest";
import { createCache } from "../../src/cache/cache.js";
import type { Serializer } from "../../src/cache/cache-options.js";
import { CachedError, InvalidOptionError } from "../../src/cache/errors.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { expectWarmEqualsCold, WarmDiffersError } from "../../src/testing/index.js";
import { createTestCache } from "../directives/support/cached-schema.js";

interface Shop {
  price: number;
  asked: number;
}

/** A shop whose item is cached; `evicts` is what its mutation evicts. */
function shop(evicts = "item:{args.id}", over: Partial<Shop> = {}) {
  const origin = { price: 5, asked: 0, ...over };
  const cache = createTestCache();
  const directives = cacheDirectives(cache, { externalTags: ["other"] });
  const schema = directives.apply(
    makeExecutableSchema({
      typeDefs: [
        directives.typeDefs,
        `type Query {
          item(id: ID!): Item @cached(ttl: 60, tags: ["item:{args.id}"])
          items: [Item!]! @cached(ttl: 60, tags: ["item:{result.id}"])
          clock: Int @cached(ttl: 60)
          strict: Item! @cached(ttl: 60)
        }
        type Item { id: ID!  name: String  price: Int  broken: Int! }
        type Mutation { setPrice(id: ID!, price: Int!): Item @evictTags(tags: ["${evicts}"]) }
        type Subscription { sold: Item }`,
      ],
      resolvers: {
        Query: {
          item: (_source, { id }) => ({ id, name: `Item ${id}`, price: origin.price }),
          items: () => ["1", "2"].map((id) => ({ id, name: null, price: origin.price })),
          clock: () => ++origin.asked,
          strict: () => {
            throw new Error("never");
          },
        },
        Item: {
          broken: () => {
            throw new Error("broken");
          },
        },
        Mutation: {
          setPrice: (_source, { id, price }) => {
            origin.price = price;
            return { id, name: null, price };
          },
        },
      },
    }),
  );
  return { schema, origin, cache };
}

async function refusal(work: Promise<unknown>): Promise<WarmDiffersError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WarmDiffersError);
  return error as WarmDiffersError;
}

/** Brings back another price than was stored. */
const lossy: Serializer = {
  serialize: (value) => Buffer.from(JSON.stringify(value)),
  deserialize: (bytes) => JSON.parse(Buffer.from(bytes).toString().replaceAll(":5", ":6")),
};

const MENU = "{ items { id price } item(id: 1) { name price } }";

describe("a schema whose cache answers as its resolvers do", () => {
  test("passes, and tells what was compared", async () => {
    const { schema } = shop();

    expect(await expectWarmEqualsCold(schema, [MENU])).toEqual({
      answers: 2,
      hits: 2,
      fieldsHit: ["Query.item", "Query.items"],
      errors: [],
      problems: [],
    });
  });

  test("passes with errors, whichever of several reached the client", async () => {
    const { schema } = shop();

    const { answers } = await expectWarmEqualsCold(schema, [
      "{ item(id: 1) { name broken } other: item(id: 1) { a: broken b: broken } }",
      "{ strict { id } }",
    ]);

    expect(answers).toBe(4);
  });

  test("is asked with a root value, and over a cache of the caller's, which stays open", async () => {
    const directives = cacheDirectives(createTestCache());
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [directives.typeDefs, "type Query { count: Int! @cached(ttl: 60) }"],
      }),
    );
    const cache = createTestCache();

    const options = { rootValue: { count: 1 }, cache };
    expect(await expectWarmEqualsCold(schema, ["{ count }"], options)).toMatchObject({ hits: 1 });

    expect(await cache.set("key", { ttlSeconds: 60 }, 1)).toBe(true);
  });

  test("is asked again after each mutation", async () => {
    const { schema, origin } = shop();

    const { answers } = await expectWarmEqualsCold(schema, [
      "{ item(id: 1) { price } }",
      {
        query: "mutation ($p: Int!) { setPrice(id: 1, price: $p) { price } }",
        variables: { p: 9 },
      },
    ]);

    expect(answers).toBe(4);
    expect(origin.price).toBe(9);
  });

  test("tells what mutations and queries failed with, once, so that none is refused unnoticed", async () => {
    const { schema, origin } = shop();

    const { errors } = await expectWarmEqualsCold(schema, [
      "{ item(id: 1) { price } strict { id } }",
      { query: "mutation ($p: Int!) { setPrice(id: 1, price: $p) { price } }" },
    ]);

    expect(errors.map(({ message }) => message)).toEqual([
      "never",
      'Variable "$p" of required type "Int!" was not provided.',
    ]);
    expect(origin.price).toBe(5);
  });

  test("is asked with variables that JSON cannot show, as a bigint for a scalar of one", async () => {
    const directives = cacheDirectives(createTestCache());
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          "scalar Cents  type Query { double(of: Cents!): Cents @cached(ttl: 60) }",
        ],
        resolvers: { Query: { double: (_source, { of }: { of: bigint }) => of * 2n } },
      }),
    );
    const query = "query ($of: Cents!) { double(of: $of) }";

    const { hits } = await expectWarmEqualsCold(schema, [{ query, variables: { of: 7n } }]);

    expect(hits).toBe(1);
  });

  test("keeps what its own cache holds", async () => {
    const { schema, cache } = shop();

    await expectWarmEqualsCold(schema, [MENU]);

    expect(cache.stats()).toMatchObject({ fills: 0, evictions: 0, misses: 0 });
  });

  test("tells of results that were not cached", async () => {
    const { schema } = shop("item:{args.id}", { price: 0.5 });

    const { problems, fieldsHit } = await expectWarmEqualsCold(schema, [
      "{ item(id: 1) { price } }",
    ]);

    expect(fieldsHit).toEqual([]);
    expect(problems.map(({ coordinate, code }) => [coordinate, code])).toEqual([
      ["Query.item", "E_NOT_CACHEABLE"],
    ]);
  });

  test("is asked by the default resolver that the directives were given", async () => {
    const directives = cacheDirectives(createTestCache(), {
      fieldResolver: (source: Readonly<Record<string, unknown>>, _args, _context, info) =>
        source[info.fieldName.toLowerCase()],
    });
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          "type Query { item: Item } type Item { id: ID!  fullName: String @cached(ttl: 60)  nickName: String }",
        ],
        resolvers: { Query: { item: () => ({ id: "1", fullname: "Ada L.", nickname: "Ada" }) } },
      }),
    );

    const { fieldsHit } = await expectWarmEqualsCold(schema, ["{ item { fullName nickName } }"]);

    expect(fieldsHit).toEqual(["Item.fullName"]);
  });

  test("has its contexts made for each run", async () => {
    let contexts = 0;
    const { schema } = shop();

    await expectWarmEqualsCold(schema, ["{ item(id: 1) { id } }"], {
      context: async () => ({ nr: ++contexts }),
    });

    expect(contexts).toBe(3);
  });
});

describe("a difference is thrown", () => {
  test("with path, coordinate, cold and warm", async () => {
    const { schema } = shop();
    const cache = createCache({ earlyRefresh: 0, serializer: lossy });

    const error = await refusal(
      expectWarmEqualsCold(schema, ["{ items { id price } }"], { cache }),
    );
    await cache.close();

    expect(error).toBeInstanceOf(CachedError);
    expect(error).toMatchObject({ code: "E_WARM_DIFFERS", coordinate: "Item.price" });
    expect(error.message).toBe(
      [
        "The cache must answer as the resolvers do, but differs in 2 places.",
        "",
        "Item.price at items[0].price",
        "  without cache  5",
        "  cold           5",
        "  warm           6",
        "  It came through Query.items (hit).",
        "",
        "Item.price at items[1].price",
        "  without cache  5",
        "  cold           5",
        "  warm           6",
        "  It came through Query.items (hit).",
        "",
        "The operation:",
        "",
        "{",
        "  items {",
        "    id",
        "    price",
        "  }",
        "}",
      ].join("\n"),
    );
    expect(error.differences).toHaveLength(2);
    expect(error.actual).toMatchObject({ data: { items: [{ price: 6 }, { price: 6 }] } });
    expect(error.expected).toMatchObject({ data: { items: [{ price: 5 }, { price: 5 }] } });
  });

  test("where a mutation evicts too little, naming it", async () => {
    const { schema } = shop("other");

    const error = await refusal(
      expectWarmEqualsCold(schema, [
        "{ item(id: 1) { price } }",
        "mutation { setPrice(id: 1, price: 9) { id } }",
      ]),
    );

    expect(error.message).toContain(
      "Item.price at item.price\n  without cache  9\n  cold           5",
    );
    expect(error.message).toContain("after\n\nmutation {\n  setPrice(id: 1, price: 9) {");
  });

  test("where the resolvers themselves answer otherwise each time, and says so", async () => {
    const { schema } = shop();

    const error = await refusal(expectWarmEqualsCold(schema, ["{ clock }"]));

    expect(error.message).toContain(
      "Query.clock at clock\n  without cache  1\n  cold           2\n" +
        "  Asked again, the resolvers answered 3: what they read must not change by itself.",
    );
  });

  test("where only one answer has an error", async () => {
    let asked = 0;
    const directives = cacheDirectives(createTestCache());
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [directives.typeDefs, "type Query { late: Int @cached(ttl: 60) }"],
        resolvers: {
          Query: {
            late: () => {
              if (++asked > 1) throw new Error("too late");
              return null;
            },
          },
        },
      }),
    );

    const error = await refusal(expectWarmEqualsCold(schema, ["{ late }"]));

    expect(error.differences[0]).toMatchObject({
      path: ["late"],
      coordinate: "Query.late",
      plain: "no error",
      cold: { message: "too late" },
    });
  });
});

describe("misuse is refused:", () => {
  const misuse = async (schema: GraphQLSchema, operation: string, message: string) => {
    const work = expectWarmEqualsCold(schema, [operation]);
    await expect(work).rejects.toBeInstanceOf(InvalidOptionError);
    await expect(work).rejects.toThrow(message);
  };

  test("a schema that apply did not give", async () => {
    const schema = makeExecutableSchema({ typeDefs: "type Query { a: Int }" });
    await misuse(
      schema,
      "{ a }",
      "The schema of expectWarmEqualsCold must be the one that directives.apply gave.",
    );
  });

  test.each([
    ["{ item", "must be GraphQL, but Syntax Error: Expected Name, found <EOF>."],
    [
      "{ nothing }",
      'must be valid in the schema, but Cannot query field "nothing" on type "Query".',
    ],
    ["subscription { sold { id } }", "must be a query or a mutation, but is a subscription."],
    [
      "query A { clock } query B { clock }",
      "must be the only one of its document, or be named by operationName.",
    ],
  ])("%s", async (operation, message) => {
    await misuse(shop().schema, operation, `An operation of expectWarmEqualsCold ${message}`);
  });
});
