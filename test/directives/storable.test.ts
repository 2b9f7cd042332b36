import type { IResolvers } from "@graphql-tools/utils";
import { defaultFieldResolver } from "graphql";
import { describe, expect, test } from "vitest";
import type { CacheDirectivesOptions } from "../../src/directives/options.js";
import { createCachedSchema, type SchemaParts, type TestContext } from "./support/cached-schema.js";

/** `Query.field`, whose objects reach others without resolvers. */
function nested(type: string, resolve: () => unknown): SchemaParts {
  return {
    typeDefs: `
      type Query { field: ${type} @cached(ttl: 60) }
      type Item { name: String! sizes: [Size!] price(in: String): Int parent: Item maker: Maker pet: Pet made: Made! }
      type Maker { name: String! items: [Item] }
      type Made { at: Int! }
      type Cat { lives: Int! }
      type Dog { barks: Boolean! }
      union Pet = Cat | Dog
      enum Size { S L }
    `,
    resolvers: (count) => ({
      Query: {
        field: () => {
          count("field");
          return resolve();
        },
      },
      Item: { made: () => ({ at: 1 }) },
      Pet: { __resolveType: resolvePet },
    }),
  };
}

/** Knows cats by another name as well, and a pet without name by its shape. */
function resolvePet(pet: { __typename?: string }): string {
  if (pet.__typename === undefined) return "lives" in pet ? "Cat" : "Dog";
  return pet.__typename === "Tomcat" ? "Cat" : pet.__typename;
}

async function twice(type: string, resolve: () => unknown) {
  const { run, asked, problems } = createCachedSchema(nested(type, resolve));
  await run("{ field { __typename } }");
  await run("{ field { __typename } }");
  return { asked: asked("field"), problems: problems.map(({ message }) => message) };
}

/** An item without a name, below so many parents. */
function chain(levels: number): object {
  return levels === 0 ? { name: null } : { name: "A", parent: chain(levels - 1) };
}

describe("a value below the field that would fail its coercion is not cached, and reported once with its path", () => {
  test.each<[string, string, unknown, string]>([
    ["null", "Item", { name: null }, 'at "name" it holds null where String! must stand'],
    [
      "undefined",
      "Item",
      { name: undefined },
      'at "name" it holds undefined where String! must stand',
    ],
    [
      "what is absent",
      "[Item]",
      [{ name: "A" }, { price: 5 }],
      'at "[1].name" it holds undefined where String! must stand',
    ],
    [
      "what is absent below",
      "Item",
      { name: "A", maker: { items: [] } },
      'at "maker.name" it holds undefined where String! must stand',
    ],
    [
      "what a scalar refuses",
      "Item",
      { name: "A", price: "dear" },
      'at "price" it holds a value that Int cannot serialize (Int cannot represent non-integer value: "dear")',
    ],
    [
      "what an enum lacks",
      "[Item]",
      [
        { name: "A", sizes: ["S"] },
        { name: "B", sizes: ["S", "XL"] },
      ],
      'at "[1].sizes[1]" it holds a value that Size cannot serialize (Enum "Size" cannot represent value: "XL")',
    ],
    [
      "no list",
      "Item",
      { name: "A", sizes: "S" },
      'at "sizes" it holds neither an array nor a Set where [Size!] must stand',
    ],
    [
      "a hole in a list",
      "Item",
      { name: "A", maker: { name: "M", items: [null, { name: "B", sizes: [null] }] } },
      'at "maker.items[1].sizes[0]" it holds null where Size! must stand',
    ],
    [
      "an error",
      "Item",
      { name: "A", parent: { name: new Error("bad") } },
      'at "parent.name" it holds an error',
    ],
    [
      "a promise",
      "Item",
      { name: "A", parent: { name: Promise.resolve("B") } },
      'at "parent.name" it holds a promise',
    ],
    [
      "null in a union's member",
      "Item",
      { name: "A", pet: { __typename: "Cat", lives: null } },
      'at "pet.lives" it holds null where Int! must stand',
    ],
    [
      "null in a member of a list of unions",
      "[Pet]",
      [{ __typename: "Dog", barks: null }],
      'at "[0].barks" it holds null where Boolean! must stand',
    ],
    [
      "what is no member of its union",
      "Pet",
      { __typename: "Fish" },
      'it holds a value whose __typename "Fish" is no member of Pet',
    ],
    [
      "what is no member of a union below",
      "Item",
      { name: "A", pet: { __typename: "Fish" } },
      'at "pet" it holds a value whose __typename "Fish" is no member of Pet',
    ],
  ])("%s", async (_what, type, value, reason) => {
    expect(await twice(type, () => value)).toEqual({
      asked: 2,
      problems: [`Query.field: the result is not cached, since ${reason}.`],
    });
  });

  test("so it is there when the origin has it again (pitfall 13)", async () => {
    const answers = [{ name: null }, { name: "Ada" }];
    const { run } = createCachedSchema(nested("Item", () => answers.shift()));

    expect((await run("{ field { name } }")).errors).toHaveLength(1);

    expect(await run("{ field { name } }")).toMatchObject({ data: { field: { name: "Ada" } } });
  });
});

test("a value that GraphQL.js's own resolver reads, and graphql-tools bound, is looked at as one that none does", async () => {
  const parts = nested("Item", () => ({ name: null }));
  const { run, asked } = createCachedSchema({
    ...parts,
    resolvers: (count) => {
      const { Item, ...others } = parts.resolvers(count);
      return { ...others, Item: { ...Item, name: defaultFieldResolver } } as IResolvers;
    },
  });
  await run("{ field { __typename } }");
  await run("{ field { __typename } }");
  expect(asked("field")).toBe(2);
});

describe("no objection is made to", () => {
  test.each<[string, string, unknown]>([
    ["a whole object", "Item", { name: "A", sizes: ["S", "L"], price: 5, maker: null }],
    ["what a resolver of its own makes", "Item", { name: "A", made: null }],
    ["a property that is absent where null may stand", "Item", { name: "A" }],
    ["a property that the schema doesn't know", "Item", { name: "A", secret: null }],
    ["a union below, told by its shape", "Item", { name: "A", pet: { lives: null } }],
    ["a member of a union by another name", "Pet", { __typename: "Tomcat", lives: 7 }],
    ["a Set below", "Item", { name: "A", sizes: new Set(["S"]) }],
    ["an object without prototype", "Item", Object.assign(Object.create(null), { name: "A" })],
    ["what is no object", "Item", 5],
  ])("%s", async (_what, type, value) => {
    expect(await twice(type, () => value)).toEqual({ asked: 1, problems: [] });
  });

  test.each<[string, string, CacheDirectivesOptions<TestContext>]>([
    [
      "what a server's own default resolver may read elsewhere",
      "{ field { name } }",
      { fieldResolver: (source: { title: string }) => source.title },
    ],
    [
      "what resultPaths supplies",
      "{ field { __typename } }",
      { resultPaths: { "Item.name": () => "A" } },
    ],
  ])("%s", async (_what, query, options) => {
    const parts = nested("Item", () => ({ title: "A" }));
    const { run, asked, problems } = createCachedSchema({ ...parts, options });
    await run(query);
    await run(query);
    expect([asked("field"), problems]).toEqual([1, []]);
  });

  test("what was not selected, where the field is cached by selection", async () => {
    const parts = nested("Item", () => ({ price: 5 }));
    const typeDefs = parts.typeDefs.replace("ttl: 60", "ttl: 60, bySelection: true");
    const { run, asked, problems } = createCachedSchema({ ...parts, typeDefs });
    await run("{ field { price } }");
    await run("{ field { price } }");
    expect([asked("field"), problems]).toEqual([1, []]);
  });

  test("what another server of a federation answers", async () => {
    const parts = nested("Item", () => ({ price: 5 }));
    const typeDefs = `directive @external on FIELD_DEFINITION ${parts.typeDefs.replace("name: String!", "name: String! @external")}`;
    const { run, asked, problems } = createCachedSchema({ ...parts, typeDefs });
    await run("{ field { price } }");
    await run("{ field { price } }");
    expect([asked("field"), problems]).toEqual([1, []]);
  });

  test("objects that hold each other", async () => {
    const maker: { name: string; items: object[] } = { name: "M", items: [] };
    for (let nr = 0; nr < 30; nr += 1) maker.items.push({ name: `${nr}`, maker });

    expect(await twice("Maker", () => maker)).toEqual({ asked: 1, problems: [] });
  });

  test("what lies beyond 100,000 values, or 64 levels", async () => {
    const makers = Array.from({ length: 100_001 }, () => null as object | null);
    makers[100_000] = { name: null };
    expect((await twice("[Maker]", () => makers)).problems).toEqual([]);
    makers[99_000] = { name: null };
    expect((await twice("[Maker]", () => makers)).problems).toHaveLength(1);

    expect((await twice("Item", () => chain(64))).problems).toEqual([]);
    expect((await twice("Item", () => chain(63))).problems).toHaveLength(1);
  });
});

test("no getter is called, nor a method: what cannot be carried is said, and nothing else", async () => {
  let called = 0;
  const call = () => {
    called += 1;
    return null;
  };
  const item = Object.defineProperty({ price: call }, "name", { enumerable: true, get: call });

  expect(await twice("Item", () => item)).toEqual({
    asked: 2,
    problems: [expect.stringMatching(/^Query\.field: .* At "price" the value holds a function\.$/)],
  });

  expect(called).toBe(0);
});

test("an abstract type without resolveType, or with one that fails or waits, has the members of its names alone", async () => {
  const parts = nested("[Pet]", () => [{ __typename: "Fish" }]);
  const resolving: (IResolvers["Pet"] | undefined)[] = [
    undefined,
    {
      __resolveType: () => {
        throw new Error("no");
      },
    },
    { __resolveType: () => Promise.resolve("Cat") },
    { __resolveType: () => Promise.reject(new Error("no")) },
  ];
  for (const Pet of resolving) {
    const { run, problems } = createCachedSchema({
      ...parts,
      resolvers: (count) => {
        const { Pet: _, ...others } = parts.resolvers(count);
        return Pet ? { ...others, Pet } : others;
      },
    });
    await run("{ field { __typename } }");
    expect(problems.map(({ message }) => message)).toEqual([
      'Query.field: the result is not cached, since at "[0]" it holds a value whose __typename "Fish" is no member of Pet.',
    ]);
  }
});
