import { GraphQLError, GraphQLScalarType } from "graphql";
import { describe, expect, test } from "vitest";
import {
  CorruptEntryError,
  InvalidOptionError,
  LoadQueueTimeoutError,
  LoadTimeoutError,
  StoreUnavailableError,
} from "../../src/cache/errors.js";
import { createCachedSchema, createTestCache, type SchemaParts } from "./support/cached-schema.js";

/** One cached field of the given type, whose resolver is the test's. */
function field(type: string, resolve: () => unknown, args = "", extra = ""): SchemaParts {
  return {
    typeDefs: `
      type Query { field: ${type} @cached(ttl: 60 ${args}) }
      type Item { id: ID! name: String count: Int }
      type Cat { lives: Int! }
      type Dog { barks: Boolean! }
      union Pet = Cat | Dog
      enum Size { S L }
      scalar Instant
      ${extra}
    `,
    resolvers: (count) => ({
      Query: {
        field: () => {
          count("field");
          return resolve();
        },
      },
      Size: { S: 1, L: { large: true } },
      Pet: { __resolveType: (pet: object) => ("lives" in pet ? "Cat" : "Dog") },
      Instant: new GraphQLScalarType({
        name: "Instant",
        serialize: (value) => {
          if (value instanceof Date) return value.toISOString();
          throw new Error(`not a Date but ${typeof value}`);
        },
      }),
    }),
  };
}

async function twice(parts: SchemaParts, query: string) {
  const built = createCachedSchema(parts);
  const cold = await built.run(query);
  const warm = await built.run(query);
  return { cold, warm, asked: built.asked("field"), problems: built.problems };
}

describe("an answer from the cache is the resolver's (pitfalls 9, 10 and 14)", () => {
  test.each([
    ["a list with nulls", "[Item]", () => [{ id: 1 }, null, undefined], "{ field { id } }"],
    ["null", "Item", () => null, "{ field { id } }"],
    ["undefined", "Item", () => undefined, "{ field { id } }"],
    ["an empty list", "[Item!]!", () => [], "{ field { id } }"],
    ["0", "Int", () => 0, "{ field }"],
    ["an empty text", "String", () => "", "{ field }"],
    ["false", "Boolean", () => false, "{ field }"],
    ["a Date behind a scalar", "[Instant!]!", () => [new Date(5)], "{ field }"],
    ["a Set as a list", "[Int!]!", () => new Set([1, 2]), "{ field }"],
    ["a typed array as a list", "[Int!]!", () => Int32Array.of(1, 2), "{ field }"],
    ["an enum's inner values", "[Size!]!", () => [1], "{ field }"],
    ["promises in a list", "[Item]", () => [Promise.resolve({ id: 1 }), null], "{ field { id } }"],
    [
      "a property that is undefined",
      "Item",
      () => ({ id: 1, name: undefined }),
      "{ field { name } }",
    ],
    [
      "members of a union with their __typename",
      "[Pet!]!",
      () => [
        { __typename: "Cat", lives: 7 },
        { __typename: "Dog", barks: true },
      ],
      "{ field { __typename ... on Cat { lives } } }",
    ],
  ])("with %s", async (_what, type, resolve, query) => {
    const { cold, warm, asked, problems } = await twice(field(type, resolve), query);

    expect(cold.errors).toBeUndefined();
    expect({ data: warm.data, errors: warm.errors }).toEqual({
      data: cold.data,
      errors: cold.errors,
    });
    expect(asked).toBe(1);
    expect(problems).toEqual([]);
  });
});

describe("what could not come back as it went is answered, and not cached (pitfall 8)", () => {
  const query = "{ field }";
  const items = "{ field { __typename } }";

  test.each<[string, string, () => unknown, string, string | undefined]>([
    ["null for a non-null field", "Int!", () => null, query, "it holds null where Int! must stand"],
    [
      "undefined for a non-null field",
      "Int!",
      () => undefined,
      query,
      "it holds undefined where Int! must stand",
    ],
    [
      "null in a list of non-nulls",
      "[Item!]",
      () => [{ id: 1 }, null],
      items,
      'at "[1]" it holds null where Item! must stand',
    ],
    [
      "an error in a list",
      "[Item]",
      () => [new Error("bad"), { id: 1 }],
      items,
      'at "[0]" it holds an error',
    ],
    [
      "what its scalar refuses",
      "[Int]",
      () => [1, "x"],
      query,
      'at "[1]" it holds a value that Int cannot serialize (Int cannot represent non-integer value: "x")',
    ],
    [
      "what its enum lacks",
      "Size",
      () => 3,
      query,
      'it holds a value that Size cannot serialize (Enum "Size" cannot represent value: 3)',
    ],
    [
      "a list that can be read once",
      "[Int]",
      function* () {
        yield 1;
      },
      query,
      "it holds neither an array nor a Set where [Int] must stand",
    ],
    [
      "no list",
      "[Int]",
      () => 5,
      query,
      "it holds neither an array nor a Set where [Int] must stand",
    ],
    [
      "a member of a union without __typename",
      "Pet",
      () => ({ lives: 7 }),
      items,
      "of an abstract type it holds a value without __typename",
    ],
  ])("%s", async (_what, type, resolve, ask, reason) => {
    const { cold, warm, asked, problems } = await twice(field(type, resolve), ask);

    expect(asked).toBe(2);
    expect({ data: warm.data, errors: warm.errors }).toEqual({
      data: cold.data,
      errors: cold.errors,
    });
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ["E_NOT_CACHEABLE", `Query.field: the result is not cached, since ${reason}.`],
    ]);
  });

  test("an instance of a class, as ORMs give them, which is told to the directives' own listener", async () => {
    class Row {
      readonly id = 1;
    }
    const { warm, asked, problems } = await twice(
      field("[Item]", () => [new Row()]),
      "{ field { id } }",
    );

    expect(asked).toBe(2);
    expect(warm.data).toEqual({ field: [{ id: "1" }] });
    expect(problems).toMatchObject([
      {
        code: "E_NOT_CACHEABLE",
        coordinate: "Query.field",
        message:
          "Query.field: the result is not cached: A cached value must consist of plain data that comes back as it " +
          'went in. At "[0]" the value holds an instance of Row.',
      },
    ]);
  });

  test.each([
    ["[Item]", "{ field { id } }", { id: 1 }, { id: "1" }],
    ["[Int]", "{ field }", 1, 1],
  ])(
    "a list of %s one of whose promises rejects, of which that element alone fails",
    async (type, query, item, shown) => {
      const resolve = () => [Promise.resolve(item), Promise.reject(new Error("gone"))];
      const { cold, warm, asked, problems } = await twice(field(type, resolve), query);

      expect(cold.data).toEqual({ field: [shown, null] });
      expect(cold.errors).toMatchObject([{ message: "gone", path: ["field", 1] }]);
      expect(warm.errors).toMatchObject([{ message: "gone", path: ["field", 1] }]);
      expect(asked).toBe(2);
      expect(problems.map(({ message }) => message)).toEqual([
        'Query.field: the result is not cached, since at "[0]" it holds a promise.',
      ]);
    },
  );

  test("a scalar with a promise inside, for which GraphQL.js does not wait", async () => {
    const parts = field("Instant", () => [Promise.resolve(new Date(5))] as unknown);
    const { cold, warm, asked } = await twice(parts, "{ field }");

    expect(cold.errors).toMatchObject([{ message: "not a Date but object" }]);
    expect(warm.errors).toMatchObject([{ message: "not a Date but object" }]);
    expect(asked).toBe(2);
  });

  test.each([
    ["a method", () => ({ id: 1, name: () => "Ada" })],
    ["a promise", () => ({ id: 1, name: Promise.resolve("Ada") })],
    [
      "a class",
      () =>
        new (class Item {
          id = 1;
          get name() {
            return "Ada";
          }
        })(),
    ],
  ])("an object with %s", async (_what, resolve) => {
    const { warm, asked } = await twice(field("Item", resolve), "{ field { id name } }");

    expect(warm.data).toEqual({ field: { id: "1", name: "Ada" } });
    expect(warm.errors).toBeUndefined();
    expect(asked).toBe(2);
  });
});

describe("an error", () => {
  test("is not cached, and reaches the client as it was thrown (pitfall 13)", async () => {
    const thrown = new GraphQLError("Closed.", { extensions: { code: "CLOSED" } });
    const { cold, warm, asked, problems } = await twice(
      field("Item", () => {
        throw thrown;
      }),
      "{ field { id } }",
    );

    for (const { errors } of [cold, warm]) {
      expect(errors).toMatchObject([
        { message: "Closed.", path: ["field"], extensions: { code: "CLOSED" } },
      ]);
    }
    expect(asked).toBe(2);
    expect(problems).toEqual([]);
  });

  test("inside the cache is reported, and the resolver answers", async () => {
    const { run, cache, asked, problems } = createCachedSchema(field("Int", () => 5));
    await cache.close();

    expect(await run("{ field }")).toMatchObject({ data: { field: 5 } });
    await run("{ field }");

    expect(asked("field")).toBe(2);
    expect(problems.map(({ code, coordinate }) => [code, coordinate])).toEqual([
      ["E_CLOSED", "Query.field"],
    ]);
  });

  test("inside the cache after the load changes neither the answer nor how often the origin is asked (pitfall 13)", async () => {
    const cache = createTestCache();
    const { run, asked, problems } = createCachedSchema({
      ...field("Int", () => 5),
      cache: {
        ...cache,
        lookup: async (_key, _options, load) => {
          await load({
            signal: new AbortController().signal,
            addTags() {},
            setTtlSeconds() {},
            setSince() {},
          });
          throw new CorruptEntryError("The codec failed.");
        },
      },
    });

    expect(await run("{ field }")).toMatchObject({ data: { field: 5 } });
    expect(asked("field")).toBe(1);
    expect(problems).toMatchObject([{ coordinate: "Query.field" }]);
  });

  test("of the resolver's own that looks like the cache's is the resolver's all the same", async () => {
    const { cold, asked, problems } = await twice(
      field("Int", () => {
        throw new InvalidOptionError("The resolver's own cache was used wrongly.");
      }),
      "{ field }",
    );

    expect(cold.errors).toMatchObject([{ message: "The resolver's own cache was used wrongly." }]);
    expect(asked).toBe(2);
    expect(problems).toEqual([]);
  });

  test.each([StoreUnavailableError, LoadTimeoutError, LoadQueueTimeoutError])(
    "that protects the origin reaches the caller: %o",
    async (Refusal) => {
      const refusal = new Refusal("Not now.");
      const { run, asked } = createCachedSchema({
        ...field("Int", () => 5),
        cache: { ...createTestCache(), lookup: () => Promise.reject(refusal) },
      });

      expect((await run("{ field }")).errors?.[0]?.originalError).toBe(refusal);
      expect(asked("field")).toBe(0);
    },
  );

  test("thrown by a listener to problems fails nothing", async () => {
    const { run } = createCachedSchema({
      ...field("Int!", () => null as unknown as number),
      options: {
        onProblem: () => {
          throw new Error("listener");
        },
      },
    });
    expect((await run("{ field }")).errors?.[0]?.message).toContain("Cannot return null");
  });
});

describe("a null", () => {
  test("is not kept where nullTtl is 0", async () => {
    const { asked, problems } = await twice(
      field("Item", () => null, 'nullTtl: 0, tags: ["item:{result.id}"]'),
      "{ field { id } }",
    );
    expect(asked).toBe(2);
    expect(problems).toEqual([]);
  });

  test("that a tag needs something of is not kept, and reported", async () => {
    const { asked, problems } = await twice(
      field("Item", () => null, 'tags: ["item:{result.id}"]'),
      "{ field { id } }",
    );
    expect(asked).toBe(2);
    expect(problems.map(({ message }) => message)).toEqual([
      'Query.field: the template "item:{result.id}" found null on the way to result.id, so the result is not cached.',
    ]);
  });
});
