import { makeExecutableSchema } from "@graphql-tools/schema";
import {
  type ExecutionResult,
  execute,
  executeSync,
  GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSchema,
  GraphQLString,
  parse,
  subscribe,
} from "graphql";
import { describe, expect, test } from "vitest";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { createTestCache } from "./support/cached-schema.js";

describe("a wrapped resolver", () => {
  test("keeps its this, source, arguments and context (pitfall 31)", async () => {
    const seen: unknown[] = [];
    const context = { viewer: "ada" };
    const schema = cacheDirectives(createTestCache()).apply(
      new GraphQLSchema({
        query: new GraphQLObjectType({
          name: "Query",
          fields: {
            echo: {
              type: GraphQLString,
              args: { text: { type: GraphQLString } },
              extensions: { cached: { ttl: 60 } },
              resolve(this: unknown, ...given: unknown[]) {
                seen.push(this, ...given.slice(0, 3));
                return "echo";
              },
            },
          },
        }),
      }),
    );
    const self = { self: true };
    const resolve = schema.getQueryType()?.getFields().echo?.resolve;
    const info = {
      operation: { operation: "query" },
      variableValues: {},
      path: { prev: undefined, key: "echo", typename: "Query" },
    };

    const answer = await Reflect.apply(resolve ?? (() => undefined), self, [
      "root",
      { text: "hi" },
      context,
      info,
    ]);

    expect(answer).toBe("echo");
    expect(seen).toEqual([self, "root", { text: "hi" }, context]);
    expect(seen[0]).toBe(self);
    expect(seen[3]).toBe(context);
  });

  test("is the default one where the field has none: properties are read, methods called", async () => {
    let called = 0;
    const directives = cacheDirectives(createTestCache());
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          "type Query { a: Int @cached(ttl: 60) b(x: Int): Int @cached(ttl: 60) c: Int }",
        ],
      }),
    );
    const rootValue = {
      a: 1,
      b: ({ x }: { x: number }) => {
        called += 1;
        return x * 2;
      },
      c: 3,
    };

    for (let time = 0; time < 2; time++) {
      expect(await execute({ schema, document: parse("{ a b(x: 4) c }"), rootValue })).toEqual({
        data: { a: 1, b: 8, c: 3 },
      });
    }
    expect(called).toBe(1);
  });

  test("may call another cached field though there is room for one load", async () => {
    const cache = createTestCache({ maxConcurrentLoads: 1, loadTimeoutSeconds: 1 });
    const directives = cacheDirectives(cache);
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          "type Query { outer: Int @cached(ttl: 60)  inner: Int @cached(ttl: 60) }",
        ],
        resolvers: {
          Query: {
            outer: (source, _args, context, info: GraphQLResolveInfo) => {
              const { inner } = info.schema.getQueryType()?.getFields() ?? {};
              return inner?.resolve?.(source, {}, context, info);
            },
            inner: () => 1,
          },
        },
      }),
    );
    expect(await execute({ schema, document: parse("{ outer }") })).toEqual({ data: { outer: 1 } });
  });

  test("stays synchronous where nothing is cached (pitfall 31)", () => {
    const directives = cacheDirectives(createTestCache(), { authorize: { "Query.b": () => true } });
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [directives.typeDefs, "type Query { a: Int b: Int c: Int @cached(ttl: 60) }"],
        resolvers: { Query: { a: () => 1, b: () => 2 } },
      }),
    );
    expect(executeSync({ schema, document: parse("{ a b }") })).toEqual({ data: { a: 1, b: 2 } });
  });

  test("leaves fields that no directive, option or operation needs as they are", () => {
    const directives = cacheDirectives(createTestCache());
    const plain = makeExecutableSchema({
      typeDefs: [
        directives.typeDefs,
        "type Query { item: Item } type Item { name: String other: Int }",
      ],
      resolvers: { Item: { name: () => "x" } },
    });
    const resolvers = (schema: GraphQLSchema) =>
      Object.values((schema.getType("Item") as GraphQLObjectType).getFields()).map(
        ({ resolve }) => resolve,
      );

    expect(resolvers(directives.apply(plain))).toEqual(resolvers(plain));
    expect(resolvers(plain)).toEqual([expect.any(Function), undefined]);
  });
});

describe("a subscription", () => {
  test("runs its events past the cache (pitfall 22)", async () => {
    let priced = 0;
    const directives = cacheDirectives(createTestCache());
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          `type Query { item: Item }
           type Item { id: ID! price: Int @cached(ttl: 60) }
           type Subscription { sold: Item }`,
        ],
        resolvers: {
          Item: { price: () => ++priced },
          Subscription: {
            sold: {
              subscribe: async function* () {
                yield { sold: { id: 1 } };
                yield { sold: { id: 1 } };
              },
            },
          },
        },
      }),
    );

    const document = parse("{ item { price } }");
    const rootValue = { item: { id: 1 } };
    expect(await execute({ schema, document, rootValue })).toEqual({
      data: { item: { price: 1 } },
    });

    const events = await subscribe({ schema, document: parse("subscription { sold { price } }") });

    const answers: ExecutionResult[] = [];
    for await (const event of events as AsyncIterable<ExecutionResult>) answers.push(event);
    expect(answers).toEqual([{ data: { sold: { price: 2 } } }, { data: { sold: { price: 3 } } }]);
    expect(await execute({ schema, document, rootValue })).toEqual({
      data: { item: { price: 1 } },
    });
  });
});
