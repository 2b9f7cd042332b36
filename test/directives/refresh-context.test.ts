import { makeExecutableSchema } from "@graphql-tools/schema";
import { execute, parse } from "graphql";
import { expect, test } from "vitest";
import type { CachedError } from "../../src/cache/errors.js";
import type { CacheEvent } from "../../src/cache/events.js";
import type { EntryOptions, LoadContext } from "../../src/cache/types.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { skippingClock } from "../support/skipping-clock.js";
import { createTestCache } from "./support/cached-schema.js";

interface Context {
  name: string;
}

/** Runs a query and gives the options of each lookup, by coordinate. */
async function lookupsOf(
  refreshContext?: (context: Context) => Promise<Context>,
  query = "{ item { name } }",
) {
  const cache = createTestCache();
  const lookups = new Map<string | undefined, EntryOptions>();
  const directives = cacheDirectives<Context>(
    {
      ...cache,
      lookup: (key, options, load) => {
        lookups.set(options.coordinate, options);
        return cache.lookup(key, options, load);
      },
    },
    refreshContext ? { refreshContext } : {},
  );
  const schema = directives.apply(
    makeExecutableSchema({
      typeDefs: [
        directives.typeDefs,
        `type Query {
           item: Item @cached(ttl: 60, tags: ["item:{result.id}"], staleWhileRevalidate: 600)
           again: Query
         }
         type Item { id: ID name: String @cached(ttl: 60, staleWhileRevalidate: 600) }`,
      ],
      resolvers: {
        Query: {
          item: (_source, _args, { name }) => ({ id: `for ${name}` }),
          again: (_source, _args, { name }) => ({ made: `for ${name}` }),
        },
        Item: { name: (_source, _args, { name }) => name },
      },
    }),
  );
  await execute({
    schema,
    document: parse(query),
    contextValue: { name: "request" },
  });
  return lookups;
}

test("a refresh of a root field runs on a context of its own, and files by what that gives (pitfall 24)", async () => {
  const lookups = await lookupsOf(async ({ name }) => ({ name: `refresh of ${name}` }));
  const tags: string[] = [];
  const load: LoadContext = {
    signal: new AbortController().signal,
    addTags: (...more) => tags.push(...more),
    setTtlSeconds: () => {
      throw new Error("The result must be stored.");
    },
    setSince: () => {
      throw new Error("Nothing older was seen.");
    },
  };

  const refreshed = await lookups.get("Query.item")?.refresh?.(load);

  expect(refreshed).toEqual({ id: "for refresh of request" });
  expect(tags).toEqual(["item:for%20refresh%20of%20request"]);
});

test("a refresh of a nested field stays with its request, whose parent it reads", async () => {
  const lookups = await lookupsOf(async (context) => context);
  expect(lookups.get("Item.name")).toBeDefined();
  expect(lookups.get("Item.name")?.refresh).toBeUndefined();
});

test("so does one of a field of Query that is reached again", async () => {
  const lookups = await lookupsOf(async (context) => context, "{ again { item { id } } }");
  expect(lookups.get("Query.item")).toBeDefined();
  expect(lookups.get("Query.item")?.refresh).toBeUndefined();
});

test("without refreshContext the cache repeats the request's own load", async () => {
  expect((await lookupsOf()).get("Query.item")?.refresh).toBeUndefined();
});

test("a refresh for another viewer, or in another language, is refused and told of", async () => {
  const events: CacheEvent[] = [];
  const problems: CachedError[] = [];
  const cache = createTestCache({ onEvent: (event) => events.push(event) });
  const directives = cacheDirectives<{ user: string; locale: string }>(cache, {
    viewer: ({ user }) => user,
    vary: { locale: ({ locale }) => locale },
    refreshContext: () => ({ user: "system", locale: "en" }),
    onProblem: (problem) => problems.push(problem),
  });
  const schema = directives.apply(
    makeExecutableSchema({
      typeDefs: [
        directives.typeDefs,
        `type Query {
           mine: String @cached(ttl: 1, staleWhileRevalidate: 60, scope: PRIVATE)
           greeting: String @cached(ttl: 1, staleWhileRevalidate: 60, vary: ["locale"])
         }`,
      ],
      resolvers: {
        Query: {
          mine: (_source, _args, { user }) => `of ${user}`,
          greeting: (_source, _args, { locale }) => `in ${locale}`,
        },
      },
    }),
  );
  const ask = async () => {
    const contextValue = { user: "ada", locale: "de" };
    const { data } = await execute({ schema, document: parse("{ mine greeting }"), contextValue });
    return { ...data };
  };
  const clock = skippingClock();

  const answer = await ask();
  clock.skip(2_000);
  const stale = await ask();
  await expect.poll(() => events.filter(({ type }) => type === "error")).toHaveLength(2);

  expect([answer, stale, await ask()]).toEqual(
    Array(3).fill({ mine: "of ada", greeting: "in de" }),
  );
  expect(problems.map(({ code, coordinate }) => [code, coordinate])).toEqual([
    ["E_PRIVACY", "Query.mine"],
    ["E_PRIVACY", "Query.greeting"],
  ]);
});
