import { setImmediate as macrotask } from "node:timers/promises";
import { makeExecutableSchema } from "@graphql-tools/schema";
import DataLoader from "dataloader";
import { type ExecutionResult, execute, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { tag } from "../../src/cache/tag.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { createTestCache } from "./support/cached-schema.js";

/** A list of 100 with two cached fields each, whose lookups are counted by the macrotask that they fall into. */
function listOfHundred() {
  const cache = createTestCache({ maxConcurrentLoads: 1 });
  const lookups: number[] = [];
  const batches: number[] = [];
  let open = false;
  const directives = cacheDirectives<{ loader: DataLoader<string, string> }>({
    ...cache,
    lookup: (key, options, load) => {
      if (!open) {
        open = true;
        lookups.push(0);
        setImmediate(() => {
          open = false;
        });
      }
      lookups[lookups.length - 1]! += 1;
      return cache.lookup(key, options, load);
    },
  });
  const schema = directives.apply(
    makeExecutableSchema({
      typeDefs: [
        directives.typeDefs,
        `type Query { items: [Item!]! }
        type Item {
          id: ID!
          name: String! @cached(ttl: 60, tags: ["item:{parent.id}"])
          size: String! @cached(ttl: 60, tags: ["item:{parent.id}", "size:{result}"])
        }`,
      ],
      resolvers: {
        Query: { items: () => Array.from({ length: 100 }, (_, id) => ({ id })) },
        Item: {
          name: ({ id }, _args, { loader }) => loader.load(`name ${id}`),
          size: ({ id }, _args, { loader }) => loader.load(`size ${id}`),
        },
      },
    }),
  );
  const run = async () => {
    const loader = new DataLoader<string, string>(async (keys) => {
      batches.push(keys.length);
      return keys.map((key) => key);
    });
    const document = parse("{ items { name size } }");
    const answer = await execute({ schema, document, contextValue: { loader } });
    await macrotask();
    return answer as ExecutionResult<{ items: { name: string; size: string }[] }>;
  };
  return { run, lookups, batches, cache };
}

describe("a list of a hundred with two cached fields each", () => {
  test("looks all of them up in one tick, and its misses reach the loader as one batch (pitfall 20)", async () => {
    const { run, lookups, batches } = listOfHundred();

    const { data, errors } = await run();

    expect(errors).toBeUndefined();
    expect(data?.items[42]).toEqual({
      name: "name 42",
      size: "size 42",
    });
    expect(lookups).toEqual([200]);
    expect(batches).toEqual([200]);
  });

  test("is answered without the loader when asked again, and loads only what went", async () => {
    const { run, lookups, batches, cache } = listOfHundred();
    await run();

    await run();
    await cache.evictTags(["item:3", tag("size:{size}", { size: "size 5" })]);
    await run();

    expect(lookups).toEqual([200, 200, 200]);
    expect(batches).toEqual([200, 3]);
  });
});
