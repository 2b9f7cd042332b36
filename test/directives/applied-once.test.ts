import { makeExecutableSchema } from "@graphql-tools/schema";
import { getResolversFromSchema, MapperKind, mapSchema } from "@graphql-tools/utils";
import { defaultFieldResolver, execute, type GraphQLSchema, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { DirectiveError } from "../../src/cache/errors.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { createTestCache } from "./support/cached-schema.js";

const cache = () => createTestCache();

function menu(directives: { typeDefs: string }): GraphQLSchema {
  return makeExecutableSchema({
    typeDefs: [directives.typeDefs, "type Query { menu: Int @cached(ttl: 60) }"],
    resolvers: { Query: { menu: () => 1 } },
  });
}

/** A schema anew, as transformers make it, with `wrap` around each resolver. */
function transformed(
  schema: GraphQLSchema,
  wrap = (resolve: typeof defaultFieldResolver) => resolve,
): GraphQLSchema {
  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (config) => ({
      ...config,
      resolve: wrap(config.resolve ?? defaultFieldResolver),
    }),
  });
}

function expectRefusal(apply: () => unknown): void {
  expect(apply).toThrow(DirectiveError);
  expect(apply).toThrow(
    "Query.menu: the directives must be applied once, but this schema was made of one that they are applied to " +
      "already. Leave out the second apply: what is wrapped after the first keeps the cache within.",
  );
}

describe("a second apply", () => {
  test("gives back what the first gave", () => {
    const directives = cacheDirectives(cache());
    const applied = directives.apply(menu(directives));
    expect(directives.apply(applied)).toBe(applied);
  });

  test("is refused what a transformer made of that", () => {
    const directives = cacheDirectives(cache());
    const applied = directives.apply(menu(directives));
    expectRefusal(() => directives.apply(transformed(applied)));
  });

  test("is refused what hides the cache in resolvers of its own", () => {
    const directives = cacheDirectives(cache());
    const hiding = transformed(
      directives.apply(menu(directives)),
      (resolve) =>
        (...given) =>
          resolve(...given),
    );
    expectRefusal(() => directives.apply(hiding));
  });

  test("is refused what has the cache in its resolvers alone", () => {
    const directives = cacheDirectives(cache());
    const applied = directives.apply(menu(directives));
    const anew = makeExecutableSchema({
      typeDefs: [directives.typeDefs, "type Query { menu: Int @cached(ttl: 60) }"],
      resolvers: getResolversFromSchema(applied),
    });
    expectRefusal(() => directives.apply(anew));
  });

  test("is refused by other directives over the same cache as well", () => {
    const shared = cache();
    const directives = cacheDirectives(shared);
    const applied = directives.apply(menu(directives));
    expectRefusal(() => cacheDirectives(shared).apply(applied));
  });

  test("may follow over another cache, and over the schema that was given first", async () => {
    const directives = cacheDirectives(cache());
    const plain = menu(directives);
    const applied = directives.apply(plain);

    for (const schema of [cacheDirectives(cache()).apply(applied), directives.apply(plain)]) {
      const answer = await execute({ schema, document: parse("{ menu }"), contextValue: {} });
      expect(answer).toMatchObject({ data: { menu: 1 } });
    }
  });
});
