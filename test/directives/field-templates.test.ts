import { GraphQLScalarType } from "graphql";
import { describe, expect, test } from "vitest";
import { createCachedSchema, type SchemaParts } from "./support/cached-schema.js";

/** Money is cents inside the server and "12.75" outside. */
const Money = new GraphQLScalarType<bigint, string>({
  name: "Money",
  serialize: (cents) => {
    if (typeof cents !== "bigint") throw new TypeError("Money must be a bigint.");
    return (Number(cents) / 100).toFixed(2);
  },
  parseValue: (text) => BigInt(Math.round(Number(text) * 100)),
  parseLiteral: (node) => BigInt(Math.round(Number("value" in node ? node.value : 0) * 100)),
});

const shop = (items: unknown): SchemaParts => ({
  typeDefs: `
    scalar Money
    enum Size { S L }
    input Filter { price: Money sizes: [Size!] deep: Filter }
    type Query {
      cheap(price: Money!, sizes: [Size!]): Int @cached(ttl: 60, tags: ["price:{args.price}", "size:{args.sizes}"])
      find(filter: Filter, from: Money = "1"): Int @cached(ttl: 60)
      items: [Item] @cached(ttl: 60, tags: ["items", "item:{result.id}", "price:{result.price}"])
    }
    type Item { id: ID! price: Money parts: [Part!] code: String @cached(ttl: 60) }
    type Part { nr: Int! sku: String text(upper: Boolean = false): String @cached(ttl: 60, key: "{parent.sku}", tags: ["parts"]) }
  `,
  resolvers: (count) => ({
    Money,
    Size: { S: 1, L: 2 },
    Query: {
      cheap: () => {
        count("cheap");
        return 1;
      },
      find: () => {
        count("find");
        return 1;
      },
      items: () => {
        count("items");
        return items;
      },
    },
    Item: {
      code: ({ id }: { id: number }) => {
        count("code");
        return `code ${id}`;
      },
    },
    Part: {
      text: ({ sku }: { sku: string }, { upper }: { upper: boolean }) => {
        count("text");
        return upper ? sku.toUpperCase() : sku;
      },
    },
  }),
});

describe("tags", () => {
  test("go through the scalars of arguments and results, and lists give one an element", async () => {
    const { run } = createCachedSchema(
      shop([{ id: 1, price: 250n }, null, { id: 2, price: 1000n }]),
    );

    const { outcomes } = await run('{ cheap(price: "2.5", sizes: [L, S]) items { id } }');

    expect(outcomes.map(({ tags }) => [...tags].sort())).toEqual([
      ["price:2.50", "size:L", "size:S"],
      ["item:1", "item:2", "items", "price:10.00", "price:2.50"],
    ]);
  });

  test("from the result are evictable like any other", async () => {
    const { run, cache, asked } = createCachedSchema(shop([{ id: "a:b", price: 250n }]));
    await run("{ items { id } }");

    await cache.evictTags(["item:a"]);
    await run("{ items { id } }");
    expect(asked("items")).toBe(1);

    await cache.evictTags(["item:a%3Ab"]);
    await run("{ items { id } }");
    expect(asked("items")).toBe(2);
  });

  test("name what the arguments were before the resolver changed them", async () => {
    const { run, asked, cache } = createCachedSchema({
      typeDefs: `
        input Where { shop: ID! }
        type Query { items(where: Where!): [Item!]! @cached(ttl: 60, tags: ["item:{args.where.shop}:{result.id}"]) }
        type Item { id: ID! }
      `,
      resolvers: (count) => ({
        Query: {
          items: (_source: never, { where }: { where: { shop?: string } }) => {
            count("items");
            delete where.shop;
            return [{ id: "1" }];
          },
        },
      }),
    });
    const ask = () => run('{ items(where: { shop: "s" }) { id } }');
    await ask();
    await ask();
    expect(asked("items")).toBe(1);
    await cache.evictTags(["item:s:1"]);
    await ask();
    expect(asked("items")).toBe(2);
  });

  test("without a value keep the result from being cached, which is reported once", async () => {
    const { run, asked, problems } = createCachedSchema(shop([{ id: 1, price: null }]));

    for (let time = 0; time < 3; time++) {
      expect((await run("{ items { id } }")).data).toEqual({ items: [{ id: "1" }] });
      expect((await run('{ cheap(price: "1") }')).data).toEqual({ cheap: 1 });
    }

    expect([asked("items"), asked("cheap")]).toEqual([3, 3]);
    expect(problems.map(({ message }) => message).sort()).toEqual([
      'Query.cheap: the template "size:{args.sizes}" found no list on the way to args.sizes, so the result is not cached.',
      'Query.items: the template "price:{result.price}" found null on the way to result.price, so the result is not cached.',
    ]);
  });
});

describe("tags without bound", () => {
  const ids = (count: number) => Array.from({ length: count }, (_, id) => `${id}`);
  const listed: SchemaParts = {
    typeDefs: `
      type Query {
        byArgs(ids: [ID!]!): Int @cached(ttl: 60, tags: ["item:{args.ids}"])
        byResult(count: Int!): [ID!] @cached(ttl: 60, tags: ["item:{result}"])
        byPromise(count: Int!): Box @cached(ttl: 60, tags: ["item:{result.ids}"])
      }
      type Box { ids: [ID!] }
      type Mutation { evict(id: ID!): Int @evictTags(tags: ["{args.id}", "item:{args.id}"]) }
    `,
    resolvers: (count) => ({
      Query: {
        byArgs: () => {
          count("byArgs");
          return 1;
        },
        byResult: (_source: never, { count: many }: { count: number }) => {
          count("byResult");
          return ids(many);
        },
        byPromise: (_source: never, { count: many }: { count: number }) => {
          count("byPromise");
          return { many };
        },
      },
      Box: { ids: ({ many }: { many: number }) => ids(many) },
      Mutation: { evict: () => 1 },
    }),
    options: {
      externalTags: ["{anything}"],
      resultPaths: { "Box.ids": async ({ many }: { many: number }) => ids(many) },
    },
  };

  test.each([
    ["byArgs", "query ($x: [ID!]!) { byArgs(ids: $x) }", ids],
    ["byResult", "query ($x: Int!) { byResult(count: $x) }", (count: number) => count],
    ["byPromise", "query ($x: Int!) { byPromise(count: $x) { ids } }", (count: number) => count],
  ])("are refused above 1,000 for %s", async (name, query, variable) => {
    const { run, asked, problems } = createCachedSchema(listed);

    for (let time = 0; time < 2; time++) await run(query, {}, { x: variable(1_000) });
    expect(asked(name)).toBe(1);
    expect(problems).toEqual([]);

    for (let time = 0; time < 2; time++) await run(query, {}, { x: variable(1_001) });
    expect(asked(name)).toBe(3);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(
      "an entry may have 1000 tags, but this one would have 1001.",
    );
  });

  test("count once each, however often they are named", async () => {
    const { run, asked } = createCachedSchema(listed);
    const query = "query ($x: [ID!]!) { byArgs(ids: $x) }";
    const x = [...ids(1_000), ...ids(1_000)];

    for (let time = 0; time < 2; time++) await run(query, {}, { x });

    expect(asked("byArgs")).toBe(1);
  });

  test("or without text are reported, and don't keep the others from being evicted", async () => {
    const { run, events, problems } = createCachedSchema(listed);

    await run('mutation { evict(id: "") }');

    expect(events).toMatchObject([{ type: "evict", tags: ["item:"] }]);
    expect(problems.map(({ message }) => message)).toEqual([
      'Mutation.evict: the template "{args.id}" gave a tag of 0 characters, which must have 1 to 1024, so its tag is not evicted.',
    ]);
  });
});

describe("keys", () => {
  test("see through the scalars of arguments, nested and by default (pitfall 4)", async () => {
    const { run, asked } = createCachedSchema(shop([]));

    await run('{ find(filter: { price: "2.5", sizes: [S] }) }');
    await run('{ find(filter: { sizes: S, price: "2.50" }) }');
    expect(asked("find")).toBe(1);

    await run('{ find(filter: { price: "2.5", sizes: [S], deep: { price: "1" } }) }');
    await run('{ find(filter: { price: "2.5", sizes: [S], deep: { price: "1.1" } }) }');
    await run('{ find(filter: { price: "2.5", sizes: [S], deep: null }) }');
    expect(asked("find")).toBe(4);

    await run("{ find }");
    await run('{ find(from: "1.00") }');
    await run("{ find(filter: null) }");
    expect(asked("find")).toBe(6);
  });

  test("are readable where they are short", async () => {
    const { run, events } = createCachedSchema(
      shop([{ id: 7, price: 1n, parts: [{ nr: 1, sku: "a/b" }] }]),
    );

    await run('{ find(filter: { price: "2.5" }) items { code parts { text } } }');

    const keys = events.flatMap((event) => (event.type === "miss" ? [event.key] : []));
    expect(keys.map((key) => key.replace(/#[\w-]{10}/, "#digest"))).toEqual([
      "Query.find#digest(filter:(price:250n),from:100n)",
      "Query.items#digest",
      "Item.code#digest/7",
      "Part.text#digest/a%2Fb(upper:false)",
    ]);
  });

  test("and tags know arguments by the names of what every object inherits", async () => {
    const { run, asked, problems, cache } = createCachedSchema({
      typeDefs: `
        input In { hasOwnProperty: String valueOf: Int }
        type Query {
          plain(toString: String, constructor: In): Int @cached(ttl: 60)
          tagged(constructor: In!): Int @cached(ttl: 60, tags: ["value:{args.constructor.valueOf}"])
        }
      `,
      resolvers: (count) => ({
        Query: {
          plain: () => {
            count("plain");
            return 1;
          },
          tagged: () => {
            count("tagged");
            return 1;
          },
        },
      }),
    });

    for (let time = 0; time < 2; time++) {
      await run("{ plain }");
      await run('{ plain(toString: "a") }');
      await run('{ plain(constructor: { hasOwnProperty: "a" }) }');
      await run("{ tagged(constructor: { valueOf: 1 }) }");
    }
    expect([asked("plain"), asked("tagged"), problems]).toEqual([3, 1, []]);

    expect(await cache.evictTags(["value:1"])).toMatchObject({ entries: 1 });
    await run("{ tagged(constructor: {}) }");
    expect(problems.map(({ message }) => message)).toEqual([
      'Query.tagged: the template "value:{args.constructor.valueOf}" found undefined on the way to ' +
        "args.constructor.valueOf, so the result is not cached.",
    ]);
  });

  test("stay short and without braces, whatever the arguments", async () => {
    const { run, events } = createCachedSchema({
      typeDefs: "type Query { echo(text: String): Int @cached(ttl: 60) }",
      resolvers: () => ({ Query: { echo: () => 1 } }),
    });

    await run("query ($t: String) { echo(text: $t) }", {}, { t: "{x}" });
    await run("query ($t: String) { echo(text: $t) }", {}, { t: "y".repeat(100_000) });
    await run("query ($t: String) { echo(text: $t) }", {}, { t: "y".repeat(100_001) });

    const keys = events.flatMap((event) => (event.type === "miss" ? [event.key] : []));
    expect(new Set(keys).size).toBe(3);
    for (const key of keys) {
      expect(key.length).toBeLessThan(120);
      expect(key).not.toMatch(/[{}]/);
    }
  });
});

describe("a nested field", () => {
  const items = [
    { id: 1, price: 1n, parts: [{ nr: 1, sku: "x" }] },
    {
      id: 2,
      price: 1n,
      parts: [
        { nr: 2, sku: "y" },
        { nr: 3, sku: "x" },
      ],
    },
  ];

  test("is one entry a parent, told by its id or its key (pitfall 5)", async () => {
    const { run, asked } = createCachedSchema(shop(items));

    const { data } = await run("{ items { code parts { text } } }");
    await run("{ items { code parts { text } } }");

    expect(data).toEqual({
      items: [
        { code: "code 1", parts: [{ text: "x" }] },
        { code: "code 2", parts: [{ text: "y" }, { text: "x" }] },
      ],
    });
    expect([asked("code"), asked("text")]).toEqual([2, 2]);
  });

  test("tells parents apart by the types of a scalar's values, which tags do not", async () => {
    const values = [1, "1", true, "true", { a: 1 }, "(a:1)", "~1", "~~1", [1], "[1]", new Date(5)];
    const { run, asked, events } = createCachedSchema({
      typeDefs: `
        scalar Any
        type Query { all: [Thing!]! @cached(ttl: 60) }
        type Thing { key: Any kind: String @cached(ttl: 60, key: "{parent.key}", tags: ["thing:{parent.key}"]) }
      `,
      resolvers: (count) => ({
        Query: { all: () => values.map((key) => ({ key })) },
        Thing: {
          kind: ({ key }: { key: unknown }) => {
            count("kind");
            return `${typeof key} ${JSON.stringify(key)}`;
          },
        },
      }),
    });

    const { data, outcomes } = await run("{ all { kind } }");

    expect(data).toEqual({
      all: values.map((key) => ({ kind: `${typeof key} ${JSON.stringify(key)}` })),
    });
    expect(asked("kind")).toBe(values.length);
    const kinds = outcomes.filter(({ coordinate }) => coordinate === "Thing.kind");
    expect(kinds.slice(0, 2).map(({ tags }) => tags)).toEqual([["thing:1"], ["thing:1"]]);
    const keys = events.flatMap((event) => (event.type === "miss" ? [event.key] : []));
    expect(keys.slice(1, 3).map((key) => key.replace(/#[\w-]{10}/, "#digest"))).toEqual([
      "Thing.kind#digest/~1",
      "Thing.kind#digest/1",
    ]);
  });

  test("whose parent lacks its key is answered, not cached, and reported once (pitfall 5)", async () => {
    const { run, asked, problems } = createCachedSchema(
      shop([{ id: 1, price: 1n, parts: [{ nr: 1, sku: null }, { nr: 2 }] }]),
    );

    await run("{ items { parts { nr text } } }");
    const { outcomes } = await run("{ items { parts { nr text } } }");

    expect(asked("text")).toBe(4);
    expect(outcomes.filter(({ coordinate }) => coordinate === "Part.text")).toMatchObject([
      { status: "bypassed" },
      { status: "bypassed" },
    ]);
    expect(problems.map(({ message }) => message)).toEqual([
      "Part.text: the result is not cached, since its key or tags failed: found null on the way to parent.sku.",
    ]);
  });
});

test("What a tag of the result says of the parent is in the key: a parent that has changed finds no entry of its old value", async () => {
  let category = "pizza";
  const { run, cache } = createCachedSchema({
    typeDefs: `
      type Query { item: Item }
      type Item {
        id: ID!
        category: String
        offers: [Offer] @cached(ttl: 60, tags: ["{parent.category}:{result.id}"])
      }
      type Offer { id: ID! }
    `,
    resolvers: () => ({
      Query: { item: () => ({ id: "1", category }) },
      Item: { offers: () => [{ id: "7" }] },
    }),
  });
  const ask = async () => (await run("{ item { offers { id } } }")).outcomes[0]?.status;

  expect([await ask(), await ask()]).toEqual(["miss", "hit"]);
  category = "pasta";
  expect([await ask(), await ask()]).toEqual(["miss", "hit"]);
  await cache.evictTags(["pasta:7"]);
  expect(await ask()).toBe("miss");
});
