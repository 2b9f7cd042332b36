import { makeExecutableSchema } from "@graphql-tools/schema";
import {
  buildSchema,
  execute,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  parse,
  printSchema,
} from "graphql";
import { describe, expect, test } from "vitest";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { typeDefs } from "../../src/directives/type-defs.js";
import { createTestCache } from "./support/cached-schema.js";

const run = (schema: GraphQLSchema, query: string) =>
  execute({ schema, document: parse(query), contextValue: {} });

describe("the directives' SDL", () => {
  test("stands beside a project's own", () => {
    const schema = makeExecutableSchema({ typeDefs: [typeDefs, "type Query { a: Int }"] });
    expect(schema.getDirective("cached")?.args.map(({ name }) => name)).toEqual([
      "ttl",
      "tags",
      "scope",
      "key",
      "vary",
      "version",
      "bySelection",
      "staleWhileRevalidate",
      "staleIfError",
      "nullTtl",
    ]);
  });

  test("says what each argument does", () => {
    const directive = buildSchema(typeDefs).getDirective("cached");
    const args = directive?.args ?? [];
    expect(args).toHaveLength(10);
    for (const { name, description } of args) expect(description, name).toMatch(/\w+ .+\./);
  });
});

describe("a directive", () => {
  test("holds on a field that extends a type (pitfall 28)", async () => {
    let asked = 0;
    const schema = cacheDirectives(createTestCache()).apply(
      makeExecutableSchema({
        typeDefs: [
          typeDefs,
          "type Query { a: Int }",
          "extend type Query { b: Int @cached(ttl: 9) }",
        ],
        resolvers: { Query: { b: () => ++asked } },
      }),
    );

    expect([await run(schema, "{ b }"), await run(schema, "{ b }")]).toMatchObject([
      { data: { b: 1 } },
      { data: { b: 1 } },
    ]);
  });

  test("holds where the schema doesn't declare it", async () => {
    let asked = 0;
    const schema = buildSchema("type Query { b: Int @cached(ttl: 9) }", { assumeValidSDL: true });
    const field = schema.getQueryType()?.getFields().b;
    if (field) field.resolve = () => ++asked;
    const applied = cacheDirectives(createTestCache()).apply(schema);

    await run(applied, "{ b }");
    expect(await run(applied, "{ b }")).toEqual({ data: { b: 1 } });
  });

  test("on an interface's field holds for the types that implement it, but for those with their own (pitfall 9)", async () => {
    const asked: string[] = [];
    const schema = cacheDirectives(createTestCache()).apply(
      makeExecutableSchema({
        typeDefs: [
          typeDefs,
          `type Query { pets: [Pet!]! }
          interface Pet { id: ID! age: Int @cached(ttl: 60, tags: ["pets"]) }
          interface Old implements Pet { id: ID! age: Int }
          type Dog implements Pet { id: ID! age: Int }
          type Cat implements Pet & Old { id: ID! age: Int @cached(ttl: 60, scope: PUBLIC, tags: ["cats"]) }
          type Mutation { birthday: Int @evictTags(tags: ["cats"]) }`,
        ],
        resolvers: {
          Query: {
            pets: () => [
              { __typename: "Dog", id: 1 },
              { __typename: "Cat", id: 1 },
            ],
          },
          Dog: { age: () => asked.push("dog") },
          Cat: { age: () => asked.push("cat") },
        },
      }),
    );

    await run(schema, "{ pets { age } }");
    await run(schema, "{ pets { age } }");
    expect(asked).toEqual(["dog", "cat"]);

    await run(schema, "mutation { birthday }");
    await run(schema, "{ pets { age } }");
    expect(asked).toEqual(["dog", "cat", "cat"]);
  });

  test("is refused where the interfaces of a type contradict each other, unless one implements the other", () => {
    const build = (faces: string, implemented: string, own = "") =>
      cacheDirectives(createTestCache()).apply(
        buildSchema(
          `${typeDefs} type Query { dog: Dog } ${faces}
          type Dog implements ${implemented} { id: ID! age: Int ${own} }`,
        ),
      );
    const pet = "interface Pet { id: ID! age: Int @cached(ttl: 60) }";
    const old = (how: string) => `interface Old ${how}`;
    expect(() =>
      build(`${pet} ${old("{ id: ID! age: Int @cached(ttl: 9) }")}`, "Pet & Old"),
    ).toThrow(
      "Dog.age: its interfaces Pet and Old contradict each other: give it a directive of its own.",
    );
    for (const [faces, own] of [
      [`${pet} ${old("{ id: ID! age: Int @cached(ttl: 9) }")}`, "@cached(ttl: 5)"],
      [`${pet} ${old("{ id: ID! age: Int @cached(ttl: 60) }")}`, ""],
      [`${pet} ${old("implements Pet { id: ID! age: Int @cached(ttl: 9) }")}`, ""],
    ] as const) {
      expect(() => build(faces, "Pet & Old", own)).not.toThrow();
    }
  });

  test("is applied once, however often apply is called", async () => {
    const cache = createTestCache();
    const directives = cacheDirectives(cache);
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [typeDefs, "type Query { b: Int @cached(ttl: 9) }"],
        resolvers: { Query: { b: () => 1 } },
      }),
    );

    expect(directives.apply(schema)).toBe(schema);
  });

  test("leaves the schema it is read from as it was", async () => {
    const schema = makeExecutableSchema({
      typeDefs: [typeDefs, "type Query { b: Int @cached(ttl: 9) }"],
      resolvers: { Query: { b: () => 1 } },
    });
    const before = [printSchema(schema), schema.getQueryType()?.getFields().b?.resolve];

    const applied = cacheDirectives(createTestCache()).apply(schema);

    expect([printSchema(schema), schema.getQueryType()?.getFields().b?.resolve]).toEqual(before);
    expect(printSchema(applied)).toBe(before[0]);
  });
});

describe("a code-first field", () => {
  let asked = 0;

  function schemaWith(cached: unknown, evictTags: unknown = { tags: ["numbers"] }): GraphQLSchema {
    asked = 0;
    return new GraphQLSchema({
      query: new GraphQLObjectType({
        name: "Query",
        fields: {
          number: {
            type: GraphQLInt,
            args: { of: { type: new GraphQLNonNull(GraphQLString) } },
            extensions: { cached },
            resolve: () => ++asked,
          },
        },
      }),
      mutation: new GraphQLObjectType({
        name: "Mutation",
        fields: { count: { type: GraphQLInt, extensions: { evictTags }, resolve: () => 1 } },
      }),
    });
  }

  test("is cached and evicted by its extensions", async () => {
    const schema = cacheDirectives(createTestCache()).apply(
      schemaWith({ ttl: 60, tags: ["numbers", "number:{args.of}"] }),
    );

    await run(schema, '{ number(of: "a") }');
    expect(await run(schema, '{ number(of: "a") }')).toEqual({ data: { number: 1 } });
    await run(schema, "mutation { count }");
    expect(await run(schema, '{ number(of: "a") }')).toEqual({ data: { number: 2 } });
  });

  test("takes one tag for a list of one, as SDL does", () => {
    const build = () =>
      cacheDirectives(createTestCache()).apply(schemaWith({ ttl: 60, tags: "numbers" }));
    expect(build).not.toThrow();
  });

  test.each([
    [{ tags: [] }, '@cached(ttl:): Expected non-nullable type "Int!" not to be null.'],
    [{ ttl: "60" }, '@cached(ttl:): Int cannot represent non-integer value: "60"'],
    [{ ttl: 1.5 }, "@cached(ttl:): Int cannot represent non-integer value: 1.5"],
    [{ ttl: -1 }, "@cached(ttl:) must be greater than 0 seconds, but is -1."],
    [{ ttl: 1, scope: "SECRET" }, 'Value "SECRET" does not exist in "CacheScope" enum.'],
    [{ ttl: 1, tag: "a" }, '@cached has no argument "tag".'],
    [60, "extensions.cached must be an object of the directive's arguments."],
  ])("is refused with %j", (cached, message) => {
    const build = () => cacheDirectives(createTestCache()).apply(schemaWith(cached));
    expect(build).toThrow(`Query.number: `);
    expect(build).toThrow(message);
  });

  test("is refused with @evictTags that lacks its tags", () => {
    const build = () => cacheDirectives(createTestCache()).apply(schemaWith({ ttl: 1 }, {}));
    expect(build).toThrow(
      'Mutation.count: @evictTags(tags:): Expected non-nullable type "[String!]!" not to be null.',
    );
  });

  test("may not be declared in SDL as well", () => {
    const schema = makeExecutableSchema({
      typeDefs: [typeDefs, "type Query { b: Int @cached(ttl: 9) }"],
      resolvers: { Query: { b: { resolve: () => 1, extensions: { cached: { ttl: 5 } } } } },
    });
    expect(() => cacheDirectives(createTestCache()).apply(schema)).toThrow(
      "Query.b: @cached may stand once, but stands more often.",
    );
  });

  test("is refused in SDL that no validation has seen (pitfall 30)", () => {
    const unchecked = (field: string) => () =>
      cacheDirectives(createTestCache()).apply(
        buildSchema(`type Query { ${field} }`, { assumeValidSDL: true }),
      );
    expect(unchecked("b: Int @cached")).toThrow(
      'Query.b: @cached: Argument "ttl" of required type "Int!" was not provided.',
    );
    expect(unchecked("b: Int @cached(ttl: 1, tag: 2)")).toThrow(
      'Query.b: @cached has no argument "tag".',
    );
    expect(unchecked('b: Int @cached(ttl: "x")')).toThrow(
      'Query.b: @cached: Argument "ttl" has invalid value "x".',
    );
  });
});
