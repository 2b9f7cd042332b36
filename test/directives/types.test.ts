import type { GraphQLSchema } from "graphql";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { Cache } from "../../src/cache/types.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import type { CacheDirectivesOptions } from "../../src/directives/options.js";
import { createTestCache } from "./support/cached-schema.js";

interface Context {
  readonly user?: { readonly id: string };
  readonly locale: string;
  readonly loaders: { readonly items: { clearAll(): unknown } };
}

/** Is never run: what stands in it has to compile, and every line below an @ts-expect-error must not. */
function compiled(cache: Cache): void {
  // The context is inferred from the first function that names it.
  cacheDirectives(cache, {
    viewer: (context: Context) => context.user?.id,
    vary: { locale: (context) => expectTypeOf(context).toEqualTypeOf<Context>() },
    loaders: (context) => context.loaders,
    refreshContext: (context) => ({ ...context }),
    authorize: {
      "Query.order": (source: { id: string }, args: { id: string }, context, info) => {
        expectTypeOf(context).toEqualTypeOf<Context>();
        return source.id === args.id && info.fieldName !== "";
      },
    },
    resultPaths: {
      "Order.customer": (order: { customerId: string }) => ({ id: order.customerId }),
    },
    onProblem: ({ code, coordinate }) =>
      expectTypeOf(coordinate).toEqualTypeOf<string | undefined>(code as never),
  });

  // Or it is given.
  cacheDirectives<Context>(cache, {
    viewer: (context) => {
      expectTypeOf(context).toEqualTypeOf<Context>();
      return context.user?.id;
    },
  });

  // @ts-expect-error a viewer is a string or a number
  cacheDirectives(cache, { viewer: (context: Context) => context.user });
  // @ts-expect-error nor is it known only later
  cacheDirectives(cache, { viewer: async (context: Context) => context.user?.id });
  // @ts-expect-error the context has no such property
  cacheDirectives<Context>(cache, { viewer: (context) => context.usr?.id });
  cacheDirectives(cache, {
    viewer: (context: Context) => context.user?.id,
    // @ts-expect-error contexts of two types
    vary: { tenant: (context: { tenant: string }) => context.tenant },
  });
  // @ts-expect-error nothing tells what the context is
  cacheDirectives(cache, { viewer: (context) => context.user?.id });
  // @ts-expect-error a misspelt option
  cacheDirectives(cache, { authorise: {} });
  // @ts-expect-error an answer is a boolean
  cacheDirectives<Context>(cache, { authorize: { "Query.a": () => "yes" } });
  // @ts-expect-error loaders can be cleared
  cacheDirectives(cache, { loaders: (context: Context) => [context.locale] });
  // @ts-expect-error a refresh needs a context of the same type
  cacheDirectives<Context>(cache, { refreshContext: () => ({ locale: "de" }) });
  // @ts-expect-error the first argument is a cache
  cacheDirectives({});

  // @ts-expect-error an entry needs a ttl
  cache.getOrSet("key", {}, () => 1);
  // @ts-expect-error tags are texts
  cache.getOrSet("key", { ttlSeconds: 1, tags: [1] }, () => 1);
  // @ts-expect-error evictTags takes a list
  cache.evictTags("menu");

  expectTypeOf(
    cache.getOrSet("key", { ttlSeconds: 1 }, async () => ({ a: 1 })),
  ).resolves.toEqualTypeOf<{ a: number }>();
  const many = cache.getOrSetMany(["key"], { ttlSeconds: 1 }, (keys) => keys.map(() => 1));
  expectTypeOf(many).resolves.toEqualTypeOf<Array<number | Error>>();
}

describe("the types", () => {
  test("infer the context and refuse misuse, or this file would not compile", () => {
    expect(compiled).toBeTypeOf("function");
    expectTypeOf<CacheDirectivesOptions["viewer"]>().toEqualTypeOf<
      ((context: unknown) => string | number | null | undefined) | undefined
    >();
  });

  test("of what apply takes and gives are GraphQL.js's own", () => {
    const { apply } = cacheDirectives(createTestCache());
    expectTypeOf(apply).toEqualTypeOf<(schema: GraphQLSchema) => GraphQLSchema>();
    expect(apply).toBeTypeOf("function");
  });
});
