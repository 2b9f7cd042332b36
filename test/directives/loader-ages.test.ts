import { makeExecutableSchema } from "@graphql-tools/schema";
import DataLoader from "dataloader";
import { type ExecutionResult, execute, parse, subscribe } from "graphql";
import { describe, expect, test } from "vitest";
import type { Cache, LoadContext } from "../../src/cache/types.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import type { CacheDirectivesOptions } from "../../src/directives/options.js";
import {
  createCachedSchema,
  createTestCache,
  type SchemaParts,
  type TestContext,
} from "./support/cached-schema.js";

type Loader = DataLoader<string, number>;
type Options = CacheDirectivesOptions<TestContext>;

/** A price behind loaders that remember it, and that requests may share. */
function priced(loaders: NonNullable<Options["loaders"]> = ({ loader }) => [loader as Loader]) {
  const origin = { price: 1 };
  const load = ({ loader }: TestContext): Promise<number> => (loader as Loader).load("price");
  const parts: SchemaParts = {
    typeDefs: `
      type Query { remember: Int  price: Int @cached(ttl: 60, tags: ["price"]) }
      type Mutation { remember: Int  setPrice(price: Int!): Int @evictTags(tags: ["price"]) }
      type Subscription { ticks: Int  watched: Int }
    `,
    resolvers: () => {
      const remember = (_source: never, _args: never, context: TestContext) => load(context);
      return {
        Query: { remember, price: remember },
        Mutation: {
          remember,
          setPrice: (_source: never, { price }: { price: number }) => {
            origin.price = price;
            return price;
          },
        },
        Subscription: {
          ticks: { subscribe: oneTick, resolve: remember },
          watched: {
            subscribe: async (source: never, args: never, context: TestContext) => {
              await remember(source, args, context);
              return oneTick();
            },
            resolve: () => 1,
          },
        },
      };
    },
    options: { loaders },
  };
  return { origin, parts, newLoader: () => loaderOf(origin) };
}

function loaderOf(origin: { price: number }): Loader {
  return new DataLoader(async (keys) => keys.map(() => origin.price));
}

async function* oneTick() {
  yield {};
}

/** Another request writes. */
async function write(origin: { price: number }, cache: Cache, price: number): Promise<void> {
  origin.price = price;
  await cache.evictTags(["price"]);
}

describe("loaders that outlive an operation", () => {
  test.each(["{ remember }", "{ price }", "mutation { remember }"])(
    "give what %s remembered before an eviction to no entry",
    async (first) => {
      const { origin, parts, newLoader } = priced();
      const { run, cache } = createCachedSchema(parts);
      const loader = newLoader();
      await run(first, { loader });
      await write(origin, cache, 2);

      expect((await run("{ price }", { loader })).data).toEqual({ price: 1 });

      expect((await run("{ price }", { loader: newLoader() })).data).toEqual({ price: 2 });
    },
  );

  test.each([
    ["an event of a subscription", "ticks", "an event"],
    ["the beginning of a subscription", "watched", "the beginning"],
  ])("nor what %s remembered, on a connection of many operations", async (_what, field, until) => {
    const { origin, parts, newLoader } = priced();
    const cache = createTestCache();
    const directives = cacheDirectives<TestContext>(cache, parts.options);
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [directives.typeDefs, parts.typeDefs],
        resolvers: parts.resolvers(() => undefined),
      }),
    );
    const contextValue = { loader: newLoader() };
    const document = parse(`subscription { ${field} }`);
    const events = (await subscribe({
      schema,
      document,
      contextValue,
    })) as AsyncIterableIterator<ExecutionResult>;
    if (until === "an event") {
      expect(await events.next()).toMatchObject({ value: { data: { ticks: 1 } } });
    }
    await write(origin, cache, 2);

    const ask = parse("{ price }");
    await execute({ schema, document: ask, contextValue });

    const later = { schema, document: ask, contextValue: { loader: newLoader() } };
    expect((await execute(later)).data).toEqual({ price: 2 });
  });

  test("nor what those remember that were put into a lasting record later", async () => {
    const { origin, parts, newLoader } = priced(({ record }) => record as Record<string, Loader>);
    const { run, cache } = createCachedSchema(parts);
    const record: Record<string, Loader> = {};
    const loader = newLoader();
    await run("{ remember }", { record, loader });
    record.price = loader;
    await write(origin, cache, 2);

    await run("{ price }", { record, loader });

    expect((await run("{ price }", { loader: newLoader() })).data).toEqual({ price: 2 });
  });

  test("fill entries while nothing was evicted", async () => {
    const { parts, newLoader } = priced();
    const { run } = createCachedSchema(parts);
    const loader = newLoader();
    await run("{ remember }", { loader });
    await run("{ price }", { loader });

    expect((await run("{ price }", { loader })).outcomes).toMatchObject([{ status: "hit" }]);
  });

  test("are new again once an eviction of their own has cleared them", async () => {
    const { origin, parts, newLoader } = priced();
    const { run, cache } = createCachedSchema(parts);
    const loader = newLoader();
    await run("{ remember }", { loader });
    await write(origin, cache, 2);
    await run("mutation { setPrice(price: 3) }", { loader });

    expect((await run("{ price }", { loader })).data).toEqual({ price: 3 });
    expect((await run("{ price }", { loader })).outcomes).toMatchObject([{ status: "hit" }]);
  });

  test("stay old where clearing them failed", async () => {
    const { parts, newLoader } = priced(({ loader, broken }) => [
      loader as Loader,
      broken as Loader,
    ]);
    const { run, problems } = createCachedSchema(parts);
    const broken = {
      clearAll: () => {
        throw new Error("stuck");
      },
    };
    const loader = Object.assign(newLoader(), broken);
    await run("{ remember }", { loader, broken });
    await run("mutation { setPrice(price: 2) }", { loader, broken });

    await run("{ price }", { loader, broken });

    expect((await run("{ price }", { loader: newLoader() })).data).toEqual({ price: 2 });
    expect(problems.map(({ message }) => message)).toContain(
      "Mutation.setPrice: the request's loaders were not cleared: stuck.",
    );
  });
});

describe("caching goes on", () => {
  test("where each operation has loaders of its own, whatever context they come from", async () => {
    const request = { loader: loaderOf({ price: 0 }) };
    const { origin, parts, newLoader } = priced(() => [request.loader]);
    const { run, cache } = createCachedSchema(parts);
    request.loader = newLoader();
    await run("{ remember }", request);
    await write(origin, cache, 2);

    request.loader = newLoader();
    expect((await run("{ price }", request)).data).toEqual({ price: 2 });
    expect((await run("{ price }", request)).outcomes).toMatchObject([{ status: "hit" }]);
  });

  test.each([
    ["one empty list", []],
    ["nothing", undefined],
  ])("where those without loaders all give %s", async (_what, none) => {
    const { origin, parts, newLoader } = priced(() => none);
    const { run, cache } = createCachedSchema(parts);
    await run("{ remember }", { loader: newLoader() });
    await write(origin, cache, 2);

    await run("{ price }", { loader: newLoader() });

    expect((await run("{ price }")).outcomes).toMatchObject([{ status: "hit" }]);
  });
});

test("where the loaders cannot be told, the field is answered and not cached, and that is reported once", async () => {
  const { parts, newLoader } = priced(() => {
    throw new Error("no request");
  });
  const { run, problems } = createCachedSchema(parts);

  expect((await run("{ price }", { loader: newLoader() })).data).toEqual({ price: 1 });
  const { data, outcomes } = await run("{ price }", { loader: newLoader() });

  expect(data).toEqual({ price: 1 });
  expect(outcomes).toMatchObject([{ status: "bypassed" }]);
  expect(problems.map(({ message }) => message)).toEqual([
    "Query.price: nothing of the operation is cached, since its loaders are unknown: no request.",
  ]);
});

test("loaders that an object of a class hides behind getters count as untold, not as none", async () => {
  class Loaders {
    get price() {
      return new DataLoader<string, number>(async (keys) => keys.map(() => 1));
    }
  }
  const { parts, newLoader } = priced(() => new Loaders() as never);
  const { run, problems } = createCachedSchema(parts);

  const { outcomes } = await run("{ price }", { loader: newLoader() });

  expect(outcomes).toMatchObject([{ status: "bypassed" }]);
  expect(problems.map(({ message }) => message)).toEqual([
    'Query.price: nothing of the operation is cached, since its loaders are unknown: the option "loaders" must give ' +
      "loaders in an iterable or a record, but gave an instance of Loaders that has none of its own.",
  ]);
});

test("a refresh in the background trusts nothing that its context's loaders remember", async () => {
  const { origin, parts, newLoader } = priced();
  const lasting = { loader: newLoader() };
  await lasting.loader.load("price");
  const cache = createTestCache();
  const refreshes: ((load: LoadContext) => unknown)[] = [];
  const { run } = createCachedSchema({
    ...parts,
    options: { ...parts.options, refreshContext: () => lasting },
    cache: {
      ...cache,
      lookup: (key, options, load) => {
        if (options.refresh) refreshes.push(options.refresh);
        return cache.lookup(key, options, load);
      },
    },
  });
  await run("{ price }", { loader: newLoader() });
  origin.price = 2;

  const load = {
    signal: new AbortController().signal,
    addTags() {},
    setTtlSeconds() {},
    setSince() {},
  };

  expect(await refreshes[0]?.(load)).toBe(2);
});
