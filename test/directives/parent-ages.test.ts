import { MapperKind, mapSchema } from "@graphql-tools/utils";
import { defaultFieldResolver, execute, type GraphQLResolveInfo, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createCache } from "../../src/cache/cache.js";
import type { CacheEvent } from "../../src/cache/events.js";
import type { Cache } from "../../src/cache/types.js";
import { applicationOf } from "../../src/directives/applications.js";
import { createGate } from "../support/gate.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import {
  createCachedSchema,
  createTestCache,
  type SchemaParts,
  type TestContext,
} from "./support/cached-schema.js";

/** Items whose parents carry the price that a nested field answers with. */
function priced() {
  const origin: { price: number; label?: string } = { price: 1 };
  const gate = createGate();
  const item = () => ({
    id: "1",
    carried: origin.price,
    ...(origin.label === undefined ? {} : { label: origin.label }),
  });
  const parts: SchemaParts = {
    typeDefs: `
      type Query {
        menu: [Item!]! @cached(ttl: 60, tags: ["menu"])
        today: Today!
        twin: Item @cached(ttl: 60, tags: ["twin"])
        fresh: Item
        touch: Item @evictTags(tags: ["menu", "item:1"])
      }
      type Today { id: ID!  special: Item @cached(ttl: 60, tags: ["special"]) }
      type Item {
        id: ID!
        price: Int @cached(ttl: 60, tags: ["item:{parent.id}"])
        stock: Int @cached(ttl: 60, tags: ["item:{parent.id}"])
        label: String @cached(ttl: 60, tags: ["item:{parent.id}"])
        shown: Shown
        twin: Item @cached(ttl: 60, tags: ["twin"])
      }
      type Shown { item: Item }
      type Mutation { setPrice: Int @evictTags(tags: ["special", "twin"]) }
    `,
    resolvers: (count) => ({
      Query: {
        menu: () => [item()],
        today: () => ({ id: 1 }),
        twin: item,
        fresh: item,
        touch: item,
      },
      Today: { special: item },
      Item: {
        price: async (parent: { carried: number }, _args: never, { waits }: TestContext) => {
          if (waits) await gate.pass();
          return parent.carried;
        },
        stock: ({ id }: { id: string }) => {
          count("stock");
          return Number(id) + 6;
        },
        label: ({ label }: { label?: string }) => label ?? "none",
        shown: (parent: object) => ({ parent }),
        twin: (parent: object) => ({ ...parent }),
      },
      Shown: { item: ({ parent }: { parent: object }) => parent },
    }),
  };
  return { origin, parts, gate };
}

const statusOf = (outcomes: readonly { path: readonly unknown[]; status: string }[]) =>
  outcomes.find(({ path }) => path.at(-1) === "price")?.status;

/** Callers that were told to load the price, or to share a load of it. */
const misses = (events: readonly CacheEvent[]) =>
  events.filter((event) => event.type === "miss" && event.coordinate === "Item.price").length;

describe("a nested field below a parent from an older entry", () => {
  const below: [string, string, string][] = [
    ["at once", "{ menu { price } }", "menu"],
    ["under an alias", "{ pizzas: menu { price } }", "menu"],
    ["through fields that are not cached", "{ menu { shown { item { price } } } }", "menu"],
    ["through another cached field", "{ menu { twin { price } } }", "menu"],
    ["below a field that is not cached", "{ today { special { price } } }", "special"],
  ];

  async function launder(cache: Cache | undefined, query: string, parentsTag: string) {
    const { origin, parts } = priced();
    const { run, cache: used } = createCachedSchema({ ...parts, ...(cache && { cache }) });
    await run(query.replaceAll("price", "id"));
    origin.price = 2;
    await used.evictTags(["item:1"]);

    const [old, again] = [await run(query), await run(query)];
    await used.evictTags([parentsTag, "twin"]);
    return { old, again, anew: await run(query), later: await run(query) };
  }

  test.each(below)(
    "%s is answered from it and not stored as if it were new",
    async (_how, query, tag) => {
      const { old, again, anew, later } = await launder(undefined, query, tag);

      expect(JSON.stringify(old.data)).toContain('"price":1');
      expect(JSON.stringify(again.data)).toContain('"price":1');
      expect(statusOf(again.outcomes)).toBe("miss");
      expect(JSON.stringify(anew.data)).toContain('"price":2');
      expect(statusOf(later.outcomes)).toBe("hit");
    },
  );

  describe("in Redis", () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await startRedis();
    });
    afterAll(() => server.stop());

    test.each([
      ["alone", {}],
      ["with a near cache", { near: { maxAgeSeconds: 60 } }],
    ])("%s, is neither", async (how, near) => {
      const cache = createCache({
        redis: server.client(),
        prefix: `${how}:`,
        earlyRefresh: 0,
        commandTimeoutMs: 5_000,
        ...near,
      });
      onTestFinished(() => cache.close());
      await expect.poll(async () => (await cache.health()).problems).toEqual([]);

      const { old, anew } = await launder(cache, "{ menu { price } }", "menu");

      expect(JSON.stringify(old.data)).toContain('"price":1');
      expect(JSON.stringify(anew.data)).toContain('"price":2');
    });
  });

  test("is stored where its resolver reads nothing of the parent but its key", async () => {
    const { parts } = priced();
    const { run, cache, asked } = createCachedSchema(parts);
    await run("{ menu { id } }");
    await cache.evictTags(["item:1"]);

    await run("{ menu { stock } }");
    const { data } = await run("{ menu { stock } }");

    expect(data).toEqual({ menu: [{ stock: 7 }] });
    expect(asked("stock")).toBe(1);
  });

  test("is not where the resolver reads that the parent lacks something", async () => {
    const { origin, parts } = priced();
    const { run, cache } = createCachedSchema(parts);
    await run("{ menu { id } }");
    origin.label = "new";
    await cache.evictTags(["item:1"]);
    expect((await run("{ menu { label } }")).data).toEqual({ menu: [{ label: "none" }] });
    await cache.evictTags(["menu"]);

    expect((await run("{ menu { label } }")).data).toEqual({ menu: [{ label: "new" }] });
  });

  test("answers nobody else with what it read of it", async () => {
    const { origin, parts, gate } = priced();
    const { run, cache, events } = createCachedSchema(parts);
    await run("{ menu { id } }");
    origin.price = 2;
    await cache.evictTags(["item:1"]);

    const older = run("{ menu { price } }", { waits: true });
    await gate.arrived;
    const younger = run("{ fresh { price } }");
    await expect.poll(() => misses(events)).toBe(2);
    gate.open();

    expect((await older).data).toEqual({ menu: [{ price: 1 }] });
    expect((await younger).data).toEqual({ fresh: { price: 2 } });
  });

  test("is stored where its parent is of this operation, whatever beside it is older", async () => {
    const { run, cache } = createCachedSchema(priced().parts);
    await run("{ twin { id } }");
    await cache.evictTags(["item:1"]);

    await run("{ twin { id } menu { price } }");

    expect(statusOf((await run("{ menu { price } }")).outcomes)).toBe("hit");
  });

  test("is not stored where the executor doesn't let its parents be known", async () => {
    const { parts } = priced();
    const { cache, directives } = createCachedSchema({ ...parts, cache: createTestCache() });
    const built = createCachedSchema({ ...parts, cache });
    await built.run("{ menu { id } }");
    await cache.evictTags(["other"]);
    const plain = applicationOf(built.schema)?.plain ?? built.schema;
    const schema = mapSchema(directives.apply(plain), {
      [MapperKind.OBJECT_FIELD]: (config) => ({
        ...config,
        resolve(source, args, context, info) {
          const copied: GraphQLResolveInfo = { ...info, path: structuredClone(info.path) };
          return (config.resolve ?? defaultFieldResolver).call(this, source, args, context, copied);
        },
      }),
    });
    const document = parse("{ menu { price } }");

    for (let time = 0; time < 2; time += 1) await execute({ schema, document, contextValue: {} });

    expect(cache.stats().fills).toBe(1);
  });
});

test("a field of Query that evicts leaves the operation, and what its siblings hold, as old as they were", async () => {
  const { origin, parts } = priced();
  const { run } = createCachedSchema(parts);
  await run("{ menu { id } }");
  origin.price = 2;

  const { data } = await run("{ touch { price } menu { price } }");

  expect(data).toEqual({ touch: { price: 2 }, menu: [{ price: 1 }] });
  expect((await run("{ menu { price } }")).data).toEqual({ menu: [{ price: 2 }] });
});

describe("what a nested field makes of a parent from an older entry is not stored past an eviction", () => {
  const record = (price: number) => ({ id: "1", box: { id: "1", price } });
  class Priced {
    constructor(
      readonly id: string,
      readonly price: number,
    ) {}
  }

  test.each<[string, string, (price: number) => unknown, (parent: never) => unknown]>([
    [
      "through a property that the key reads a part of",
      "{parent.box.id}",
      record,
      ({ box }: ReturnType<typeof record>) => box.price,
    ],
    ["of a list", "{parent.id}", (price) => ["1", price], ([, price]: [string, number]) => price],
    [
      "of a map",
      "{parent.id}",
      (price) => new Map([["price", price]]),
      (parent: Map<string, number>) => parent.get("price"),
    ],
    [
      "of a text",
      "{parent.id}",
      (price) => `price ${price}`,
      (parent: string) => Number(parent.split(" ")[1]),
    ],
  ])("%s", async (_what, key, parentOf, total) => {
    expect(await totals(key, parentOf, total)).toEqual([1, 2]);
  });

  test("of an instance that a resolver without a cache made of it", async () => {
    const made = { Holder: { item: ({ price }: { price: number }) => new Priced("1", price) } };
    const holder = (price: number) => ({ id: "1", price });
    const total = ({ price }: Priced) => price;
    expect(await totals("{parent.id}", holder, total, made)).toEqual([1, 2]);
  });

  /** The total read off an old parent after the price was set and evicted, and off a new one. */
  async function totals(
    key: string,
    parentOf: (price: number) => unknown,
    total: (parent: never) => unknown,
    holders: Record<string, unknown> = { Holder: { item: (parent: unknown) => parent } },
  ): Promise<unknown[]> {
    let price = 1;
    const { run } = createCachedSchema({
      typeDefs: `
        type Query { menu: Holder @cached(ttl: 60, tags: ["menu"]) }
        type Holder { item: Item }
        type Item {
          id: ID!
          box: Box
          total: Int @cached(ttl: 60, key: "${key}", tags: ["price"])
        }
        type Box { id: ID! }
        type Mutation {
          setPrice: Int @evictTags(tags: ["price"])
          dropMenu: Int @evictTags(tags: ["menu"])
        }
      `,
      resolvers: () => ({
        Query: { menu: () => parentOf(price) },
        Item: { total },
        Mutation: {
          setPrice: () => {
            price = 2;
            return price;
          },
          dropMenu: () => 1,
        },
        ...holders,
      }),
      options: { resultPaths: { "Item.id": () => "1" } },
    });
    const ask = async () => {
      const { data } = await run("{ menu { item { total } } }");
      return (data as { menu: { item: { total: unknown } } }).menu.item.total;
    };
    await run("{ menu { __typename } }");
    await run("mutation { setPrice }");
    const old = await ask();
    await run("mutation { dropMenu }");
    return [old, await ask()];
  }
});
