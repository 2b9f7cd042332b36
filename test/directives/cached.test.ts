import { describe, expect, test } from "vitest";
import { skippingClock } from "../support/skipping-clock.js";
import { createCachedSchema, type SchemaParts } from "./support/cached-schema.js";

/** A menu whose items have fields of their own to cache. */
const menu: SchemaParts = {
  typeDefs: `
    type Query {
      menu(category: String): [Item!]! @cached(ttl: 60, tags: ["menu"])
      item(id: ID!, locale: String = "en"): Item @cached(ttl: 60, tags: ["item:{args.id}"])
      now: Int!
    }
    type Item {
      id: ID!
      name: String!
      sizes: [String!]! @cached(ttl: 60, tags: ["item:{parent.id}"])
    }
    type Mutation {
      rename(id: ID!, name: String!): Item @evictTags(tags: ["menu", "item:{args.id}"])
    }
  `,
  resolvers: (count) => {
    const names = new Map([
      ["1", "Margherita"],
      ["2", "Funghi"],
    ]);
    const itemOf = (id: string) => (names.has(id) ? { id, name: names.get(id) } : null);
    return {
      Query: {
        menu: () => {
          count("menu");
          return [...names.keys()].map(itemOf);
        },
        item: (_source: never, { id }: { id: string }) => {
          count("item");
          return itemOf(id);
        },
        now: () => 1,
      },
      Item: {
        sizes: ({ id }: { id: string }) => {
          count("sizes");
          return [`S${id}`, `L${id}`];
        },
      },
      Mutation: {
        rename: (_source: never, { id, name }: { id: string; name: string }) => {
          names.set(id, name);
          return itemOf(id);
        },
      },
    };
  },
};

describe("a cached field", () => {
  test("asks its resolver once and answers the same again", async () => {
    const { run, asked } = createCachedSchema(menu);

    const cold = await run("{ menu { id name sizes } }");
    const warm = await run("{ menu { id name sizes } }");

    expect(cold.data).toEqual({
      menu: [
        { id: "1", name: "Margherita", sizes: ["S1", "L1"] },
        { id: "2", name: "Funghi", sizes: ["S2", "L2"] },
      ],
    });
    expect(warm.data).toEqual(cold.data);
    expect([asked("menu"), asked("sizes")]).toEqual([1, 2]);
    expect(cold.outcomes.map(({ status }) => status)).toEqual(["miss", "miss", "miss"]);
    expect(warm.outcomes.map(({ status }) => status)).toEqual(["hit", "hit", "hit"]);
  });

  test("tells where it was answered, how old, and under which tags", async () => {
    const { run } = createCachedSchema(menu);
    await run("{ menu { sizes } }");

    const { outcomes } = await run("{ pizzas: menu { sizes } }");

    expect(outcomes.map(({ coordinate, path, tags }) => [coordinate, path, tags])).toEqual([
      ["Query.menu", ["pizzas"], ["menu"]],
      ["Item.sizes", ["pizzas", 0, "sizes"], ["item:1"]],
      ["Item.sizes", ["pizzas", 1, "sizes"], ["item:2"]],
    ]);
    for (const { ageSeconds } of outcomes) expect(ageSeconds).toBeGreaterThanOrEqual(0);
  });

  test("is kept apart by its arguments, defaults written out or not", async () => {
    const { run, asked } = createCachedSchema(menu);

    await run('{ item(id: "1") { name } }');
    await run('{ item(id: "1", locale: "en") { name } }');
    await run('query ($id: ID!) { again: item(locale: "en", id: $id) { id } }', {}, { id: 1 });
    expect(asked("item")).toBe(1);

    await run('{ item(id: "2") { name } }');
    await run('{ item(id: "1", locale: null) { name } }');
    expect(asked("item")).toBe(3);
  });

  test("tells null arguments from absent ones (pitfall 4)", async () => {
    const { run, asked } = createCachedSchema(menu);

    await run("{ menu { id } }");
    await run("{ menu(category: null) { id } }");

    expect(asked("menu")).toBe(2);
  });

  test("is one entry for all documents that ask for it (pitfall 2)", async () => {
    const { run, asked } = createCachedSchema(menu);

    await run("{ menu { id } }");
    await run("{ other: menu { ...i } } fragment i on Item { name }");
    await run("query Named { ... { ... on Query { menu { sizes } } } }");

    expect(asked("menu")).toBe(1);
  });

  test("keeps a null (pitfall 14)", async () => {
    const { run, asked } = createCachedSchema(menu);

    expect((await run('{ item(id: "9") { id } }')).data).toEqual({ item: null });
    expect((await run('{ item(id: "9") { id } }')).data).toEqual({ item: null });

    expect(asked("item")).toBe(1);
  });

  test("is asked again after an eviction of its tag, and only then", async () => {
    const { run, asked } = createCachedSchema(menu);
    await run('{ menu { sizes } item(id: "2") { name } }');

    await run('mutation { rename(id: "1", name: "Marinara") { id } }');
    const { data } = await run('{ menu { name sizes } item(id: "2") { name } }');

    expect(data?.menu).toEqual([
      { name: "Marinara", sizes: ["S1", "L1"] },
      { name: "Funghi", sizes: ["S2", "L2"] },
    ]);
    expect([asked("menu"), asked("sizes"), asked("item")]).toEqual([2, 3, 1]);
  });
});

describe("a resolver that is not cached", () => {
  test("still answers synchronously", async () => {
    const { run } = createCachedSchema(menu);
    expect((await run("{ now }")).data).toEqual({ now: 1 });
  });

  test("serves a stale entry in the place of an error, thrown or returned", async () => {
    const clock = skippingClock();
    let fails: (() => unknown) | undefined;
    const { run } = createCachedSchema({
      typeDefs: "type Query { price: Int @cached(ttl: 1, staleIfError: 60) }",
      resolvers: () => ({ Query: { price: () => (fails ? fails() : 5) } }),
    });
    await run("{ price }");
    clock.skip(2_000);
    const down = new Error("the origin is down");
    for (const failure of [() => Promise.reject(down), () => down]) {
      fails = failure;
      expect(await run("{ price }")).toMatchObject({ data: { price: 5 } });
    }
    clock.skip(60_000);
    const { data, errors } = await run("{ price }");
    expect([data, errors?.map(({ message }) => message)]).toEqual([
      { price: null },
      [down.message],
    ]);
  });
});
