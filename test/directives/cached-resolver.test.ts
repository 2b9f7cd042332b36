import { describe, expect, test } from "vitest";
import {
  CacheClosedError,
  type CachedError,
  LoadQueueTimeoutError,
  LoadTimeoutError,
  LockTimeoutError,
  StoreUnavailableError,
} from "../../src/cache/errors.js";
import type { Cache, LoadContext } from "../../src/cache/types.js";
import { createCachedSchema, createTestCache } from "./support/cached-schema.js";

/** A cached field of which `answer` is the resolver, over a cache whose lookups go through `lookup`. */
function open(answer: () => unknown, lookup?: (load: () => unknown) => Promise<never>) {
  const cache = createTestCache();
  const failing: Cache = {
    ...cache,
    lookup: (_key, _options, load) =>
      lookup?.(() => load({} as LoadContext)) ?? expect.unreachable(),
  };
  return createCachedSchema({
    typeDefs: "type Query { field: String @cached(ttl: 60) }",
    resolvers: (count) => ({
      Query: {
        field: () => {
          count("field");
          return answer();
        },
      },
    }),
    cache: lookup ? failing : cache,
  });
}

describe("an error of the cache's own classes", () => {
  test("that the resolver threw reaches its caller, and the resolver is asked no second time", async () => {
    const error = new LockTimeoutError("The lock was another's.");
    const { run, asked, problems } = open(() => {
      throw error;
    });

    const { errors } = await run("{ field }");

    expect(errors?.[0]?.originalError).toBe(error);
    expect(asked("field")).toBe(1);
    expect(problems).toEqual([]);
  });

  test.each<[string, CachedError]>([
    ["while the store is away", new StoreUnavailableError("The store is away.")],
    ["when a load took too long", new LoadTimeoutError("The load took too long.")],
    ["when there was no room for a load", new LoadQueueTimeoutError("There was no room.")],
  ])("that refuses a lookup %s reaches its caller", async (_when, error) => {
    const { run, asked } = open(
      () => "loaded",
      () => Promise.reject(error),
    );

    expect((await run("{ field }")).errors?.[0]?.originalError).toBe(error);
    expect(asked("field")).toBe(0);
  });

  test("that says the cache failed is reported, and the field answered by its resolver", async () => {
    const error = new CacheClosedError("The cache was closed.");
    const { run, asked, problems } = open(
      () => "loaded",
      () => Promise.reject(error),
    );

    expect((await run("{ field }")).data).toEqual({ field: "loaded" });
    expect(asked("field")).toBe(1);
    expect(problems.map(({ code, coordinate }) => [code, coordinate])).toEqual([
      ["E_CLOSED", "Query.field"],
    ]);
  });

  test("that follows a load is reported, and the field answered with what was loaded", async () => {
    const { run, asked, problems } = open(
      () => "loaded",
      async (load) => {
        await load();
        throw new StoreUnavailableError("The store went away.");
      },
    );

    expect((await run("{ field }")).data).toEqual({ field: "loaded" });
    expect(asked("field")).toBe(1);
    expect(problems.map(({ code }) => code)).toEqual(["E_STORE_UNAVAILABLE"]);
  });
});
