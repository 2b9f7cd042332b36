import { makeExecutableSchema } from "@graphql-tools/schema";
import DataLoader from "dataloader";
import { execute, executeSync, parse } from "graphql";
import { describe, expect, test } from "vitest";
import type { Position } from "../../src/cache/position.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { createGate } from "../support/gate.js";
import {
  createCachedSchema,
  createTestCache,
  type SchemaParts,
  type TestContext,
} from "./support/cached-schema.js";

/** A price in an origin that a test writes to while operations are under way. */
function priced() {
  const origin = { price: 1 };
  const gate = createGate();
  const parts: SchemaParts = {
    typeDefs: `
      type Query { item: Item!  touch: Item! @evictTags(tags: ["price"])  fresh: Int @cached(ttl: 60, tags: ["price"]) }
      type Item { id: ID! price: Int @cached(ttl: 60, tags: ["price"]) }
      type Mutation { setPrice(price: Int!): Item @evictTags(tags: ["price"]) }
    `,
    resolvers: () => {
      const load = ({ loader }: TestContext) =>
        (loader as DataLoader<string, number>).load("price");
      return {
        Query: {
          // Primes the loader, then lets the test in.
          item: async (_source: never, _args: never, context: TestContext) => {
            await load(context);
            if (context.waits) await gate.pass();
            return { id: 1 };
          },
          touch: () => ({ id: 1 }),
          fresh: (_source: never, _args: never, context: TestContext) => load(context),
        },
        Item: { price: (_source: never, _args: never, context: TestContext) => load(context) },
        Mutation: {
          setPrice: async (_source: never, { price }: { price: number }, context: TestContext) => {
            await load(context);
            origin.price = price;
            return { id: 1 };
          },
        },
      };
    },
    options: { loaders: ({ loader }) => [loader as DataLoader<string, number>] },
  };
  const context = (extra: TestContext = {}): TestContext => ({
    loader: new DataLoader<string, number>(async (keys) => keys.map(() => origin.price)),
    ...extra,
  });
  return { origin, gate, parts, context };
}

describe("an operation is as old as the oldest thing it may have seen", () => {
  test("so what its loader remembers from before an eviction is answered and not stored (pitfall 21)", async () => {
    const { origin, gate, parts, context } = priced();
    const { run, cache } = createCachedSchema(parts);

    const old = run("{ item { price } }", context({ waits: true }));
    await gate.arrived;
    origin.price = 2;
    await cache.evictTags(["price"]);
    gate.open();

    expect((await old).data).toEqual({ item: { price: 1 } });
    expect((await run("{ item { price } }", context())).data).toEqual({ item: { price: 2 } });
    expect((await run("{ item { price } }", context())).outcomes).toMatchObject([
      { status: "hit" },
    ]);
  });

  test("also where its root field is not cached, and the field was asked before", async () => {
    const { origin, gate, parts, context } = priced();
    const { run, cache } = createCachedSchema(parts);
    await run("{ item { price } }", context());

    const old = run("{ item { price } }", context({ waits: true }));
    await gate.arrived;
    origin.price = 2;
    await cache.evictTags(["price"]);
    gate.open();
    await old;

    expect((await run("{ item { price } }", context())).data).toEqual({ item: { price: 2 } });
  });

  test("and a mutation that evicts forgets what it knew: its payload shows what was written (pitfall 21)", async () => {
    const { parts, context } = priced();
    const { run } = createCachedSchema(parts);
    await run("{ item { price } }", context());

    const { data } = await run(
      "mutation { a: setPrice(price: 5) { price } b: setPrice(price: 6) { price } }",
      context(),
    );

    expect(data).toEqual({ a: { price: 5 }, b: { price: 6 } });
    expect((await run("{ item { price } fresh }", context())).data).toEqual({
      item: { price: 6 },
      fresh: 6,
    });
  });
});

test("a query that evicts clears its loaders, and stays as old as it was: its siblings run beside it", async () => {
  const { parts, context } = priced();
  const { run } = createCachedSchema(parts);

  expect((await run("{ touch { price } }", context())).data).toEqual({ touch: { price: 1 } });

  expect((await run("{ item { price } }", context())).outcomes).toMatchObject([{ status: "miss" }]);
});

describe("the age of an operation", () => {
  const build = (position: () => Position | null | Promise<Position | null>) => {
    const cache = createTestCache();
    const log: string[] = [];
    const directives = cacheDirectives({
      ...cache,
      position: () => {
        log.push("position");
        return position();
      },
      lookup: (key, options, load) => {
        log.push(`lookup since ${options.since?.n ?? null}`);
        return cache.lookup(key, options, load);
      },
    });
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          "type Query { a: Item  b: Item  c: Int @cached(ttl: 60) } type Item { id: ID!  d: Int @cached(ttl: 60) }",
        ],
        resolvers: {
          Query: {
            a: () => {
              log.push("a");
              return { id: 1 };
            },
          },
        },
      }),
    );
    return { schema, log };
  };

  test("is taken once, before its first resolver", async () => {
    const { schema, log } = build(() => ({ epoch: 1, n: 7 }));

    await execute({ schema, document: parse("{ a { d } b { d } c }") });

    expect(log).toEqual(["position", "a", "lookup since 7", "lookup since 7"]);
  });

  test("is waited for where it must be asked for", async () => {
    const gate = createGate();
    const { schema, log } = build(async () => {
      await gate.pass();
      return { epoch: 1, n: 7 };
    });

    const answer = execute({ schema, document: parse("{ a { d } c }") });
    await gate.arrived;
    expect(log).toEqual(["position"]);
    gate.open();

    await answer;
    expect([log[1], [...log].sort()]).toEqual([
      "a",
      ["a", "lookup since 7", "lookup since 7", "position"],
    ]);
  });

  test.each([
    ["is null", () => null],
    ["fails", () => Promise.reject(new Error("down"))],
    [
      "throws",
      () => {
        throw new Error("closed");
      },
    ],
  ])("is unknown where the log's head %s", async (_how, position) => {
    const { schema, log } = build(position);

    const answer = await execute({ schema, document: parse("{ a { d } }") });

    expect(answer).toEqual({ data: { a: { d: null } } });
    expect(log).toEqual(["position", "a", "lookup since null"]);
  });

  test("costs a synchronous operation nothing of its synchrony", () => {
    const { schema } = build(() => ({ epoch: 1, n: 7 }));
    expect(executeSync({ schema, document: parse("{ a { id } }") })).toEqual({
      data: { a: { id: "1" } },
    });
  });

  test("is taken anew by each operation", async () => {
    let n = 0;
    const { schema, log } = build(() => ({ epoch: 1, n: ++n }));
    const document = parse("{ c }");

    await execute({ schema, document });
    await execute({ schema, document });

    expect(log).toEqual(["position", "lookup since 1", "position", "lookup since 2"]);
  });
});
