import { describe, expect, test } from "vitest";
import type { CacheEvent } from "../../src/cache/events.js";
import type { CacheDirectivesOptions } from "../../src/directives/options.js";
import {
  byViewer,
  createCachedSchema,
  type SchemaParts,
  type TestContext,
} from "./support/cached-schema.js";

/** What the write gives back or throws, chosen by each test. */
type Write = (args: { id: string }, context: TestContext) => unknown;

function shop(write: Write, options: CacheDirectivesOptions<TestContext> = {}): SchemaParts {
  let names = 0;
  return {
    typeDefs: `
      type Query {
        order(id: ID!): Order @cached(ttl: 60, tags: ["order:{args.id}"])
        customer: Customer
        sizes: [String!] @cached(ttl: 60, scope: PRIVATE, tags: ["size:{viewer}", "orders:{viewer}"])
      }
      type Order { id: ID! lines: [Line] customer: Customer }
      type Line { size: Size }
      type Size { id: ID! }
      type Customer { id: ID! name: String @cached(ttl: 60) }
      type Mutation {
        place(id: ID!): Order
          @evictTags(tags: ["order:{args.id}", "orders:{viewer}", "size:{result.lines.size.id}", "orders:{result.customer.id}"])
        touch(id: ID!): Order @evictTags(tags: ["order:{args.id}"])
      }
    `,
    resolvers: (count) => ({
      Query: {
        customer: () => ({ id: "9" }),
        order: (_source: never, { id }: { id: string }) => {
          count("order");
          return { id };
        },
      },
      Customer: {
        name: () => {
          count("name");
          names += 1;
          return `name ${names}`;
        },
      },
      Mutation: {
        place: (_source: never, args: { id: string }, context: TestContext) => write(args, context),
        touch: (_source: never, { id }: { id: string }) => ({ id, customer: { id: "9" } }),
      },
    }),
    options: { ...byViewer, ...options },
  };
}

const evicted = (events: readonly CacheEvent[]): string[] =>
  events.flatMap((event) => (event.type === "evict" ? event.tags : [])).sort();

const place = 'mutation { place(id: "7") { id } }';

describe("@evictTags", () => {
  test("evicts what arguments, viewer and result name, a list one tag an element", async () => {
    const { run, events, problems } = createCachedSchema(
      shop(({ id }) => ({
        id,
        lines: [{ size: { id: "S" } }, null, { size: { id: "L" } }, { size: { id: "S" } }],
        customer: { id: 5 },
      })),
    );

    const { data } = await run(place, { viewer: "ada" });

    expect(data).toEqual({ place: { id: "7" } });
    expect(evicted(events)).toEqual(["order:7", "orders:5", "orders:ada", "size:L", "size:S"]);
    expect(problems).toEqual([]);
  });

  test("escapes what it is given", async () => {
    const { run, events } = createCachedSchema(
      shop(({ id }) => ({ id, lines: [], customer: { id: "a:b" } })),
    );

    await run('mutation { place(id: "7:*") { id } }', { viewer: "ü" });

    expect(evicted(events)).toEqual(["order:7%3A%2A", "orders:%C3%BC", "orders:a%3Ab"]);
  });

  test("is done before the mutation is answered", async () => {
    const { run, asked } = createCachedSchema(
      shop(({ id }) => ({ id, lines: [], customer: { id: 5 } })),
    );
    await run('{ order(id: "7") { id } }');

    await run(place, { viewer: "ada" });
    await run('{ order(id: "7") { id } }');

    expect(asked("order")).toBe(2);
  });

  test("waits for what the result promises, and calls its methods", async () => {
    const { run, events } = createCachedSchema(
      shop(async ({ id }) => ({
        id,
        lines: [Promise.resolve({ size: Promise.resolve({ id: "S" }) })],
        customer: () => ({ id: async () => "5" }),
      })),
    );

    await run(place, { viewer: "ada" });

    expect(evicted(events)).toEqual(["order:7", "orders:5", "orders:ada", "size:S"]);
  });

  test("reports a template that finds no value, once, and evicts the others", async () => {
    const { run, events, problems } = createCachedSchema(
      shop(({ id }) => ({ id, lines: [{ size: null }] })),
    );

    const { data, errors } = await run(place);
    await run(place);

    expect({ data, errors }).toEqual({ data: { place: { id: "7" } } });
    expect(evicted(events)).toEqual(["order:7", "order:7"]);
    expect(
      problems.map(({ code, coordinate, message }) => [code, coordinate, message]).sort(),
    ).toEqual([
      [
        "E_TEMPLATE",
        "Mutation.place",
        'Mutation.place: the template "orders:{result.customer.id}" found undefined on the way to result.customer.id, so its tag is not evicted.',
      ],
      [
        "E_TEMPLATE",
        "Mutation.place",
        'Mutation.place: the template "orders:{viewer}" found no viewer, so its tag is not evicted.',
      ],
      [
        "E_TEMPLATE",
        "Mutation.place",
        'Mutation.place: the template "size:{result.lines.size.id}" found null on the way to result.lines.size.id, so its tag is not evicted.',
      ],
    ]);
  });

  test("takes from resultPaths what the raw result lacks", async () => {
    const { run, events, problems } = createCachedSchema(
      shop(({ id }) => ({ id, lines: [{ sizeId: "S" }], customerId: 5 }), {
        resultPaths: {
          "Line.size": ({ sizeId }: { sizeId: string }) => ({ id: sizeId }),
          "Order.customer": async (
            { customerId }: { customerId: number },
            { prefix }: TestContext,
          ) => ({
            id: `${prefix}${customerId}`,
          }),
        },
      }),
    );

    await run(place, { viewer: "ada", prefix: "c" });

    expect(evicted(events)).toEqual(["order:7", "orders:ada", "orders:c5", "size:S"]);
    expect(problems).toEqual([]);
  });

  test.each([
    ["union", "union Change = A | B", ""],
    ["interface", "interface Change { owner: Owner }", "implements Change"],
  ])(
    "takes from resultPaths what the members of a result's %s lack",
    async (_kind, change, how) => {
      const owner = ({ ownerId }: { ownerId: number }) => ({ id: ownerId });
      const { run, events, problems } = createCachedSchema({
        typeDefs: `
        ${change}  type Owner { id: ID! }
        type A ${how} { owner: Owner }  type B ${how} { owner: Owner }
        type Query { name(id: ID!): Int @cached(ttl: 60, tags: ["owner:{args.id}"]) }
        type Mutation { change: [Change] @evictTags(tags: ["owner:{result.owner.id}"]) }
      `,
        resolvers: () => ({
          Mutation: {
            change: () => [
              { __typename: "A", ownerId: 1 },
              { __typename: "B", owner: { id: 2 } },
            ],
          },
        }),
        options: { resultPaths: { "A.owner": owner } },
      });
      await run("mutation { change { __typename } }");
      expect(evicted(events)).toEqual(["owner:1", "owner:2"]);
      expect(problems).toEqual([]);
    },
  );

  test.each<[string, () => unknown, string[]]>([
    ["its answer", () => ({ by: "ada" }), ["by:ada"]],
    ["its failure", () => Promise.reject(new Error("after the commit")), []],
  ])(
    "names what the arguments were before the resolver changed them, after %s",
    async (_how, end, ofResult) => {
      const { run, events, problems } = createCachedSchema({
        typeDefs: `
        input Change { id: ID  sizes: [Size!]! }  input Size { id: ID! }  type Changed { by: ID }
        type Query { item(id: ID!): Int @cached(ttl: 60, tags: ["item:{args.id}", "size:{args.id}", "by:{args.id}"]) }
        type Mutation {
          change(input: Change!): Changed
            @evictTags(tags: ["item:{args.input.id}", "size:{args.input.sizes.id}", "by:{result.by}"])
        }
      `,
        resolvers: () => ({
          Mutation: {
            change(_source: never, { input }: { input: { id?: string; sizes: { id: string }[] } }) {
              delete input.id;
              for (const size of input.sizes.splice(0, 1)) size.id = "other";
              return end();
            },
          },
        }),
      });
      await run('mutation { change(input: { id: 1, sizes: [{ id: "S" }, { id: "L" }] }) { by } }');
      expect(evicted(events)).toEqual([...ofResult, "item:1", "size:L", "size:S"]);
      expect(problems).toEqual([]);
    },
  );

  test.each<[string, () => unknown, string]>([
    ["an error", () => new Error("gone"), "found"],
    ["a promise that fails", () => Promise.reject(new Error("gone")), "gone"],
    ["one without the value", () => ({ size: null }), "found null on the way to"],
  ])("leaves out of a list what is %s, and evicts the others", async (_what, bad, told) => {
    const lines = () => [{ size: { id: "s" } }, bad(), { size: { id: "l" } }];
    const { run, events, problems } = createCachedSchema(
      shop(() => ({ id: "7", customer: { id: "9" }, lines: lines() })),
    );
    await run(place, { viewer: "12" });
    expect(evicted(events)).toEqual(["order:7", "orders:12", "orders:9", "size:l", "size:s"]);
    expect(problems).toMatchObject([
      { code: "E_TEMPLATE", coordinate: "Mutation.place", message: expect.stringContaining(told) },
    ]);
  });

  test("leaves what can be gone through once for the answer", async () => {
    const { run, events } = createCachedSchema({
      typeDefs: `
        type Query { size: Size @cached(ttl: 60, tags: ["size:{result.id}"]) }
        type Size { id: ID! }
        type Mutation { setPrices: [Size] @evictTags(tags: ["size:{result.id}"]) }
      `,
      resolvers: () => ({
        Mutation: {
          *setPrices() {
            yield { id: "s" };
            yield { id: "l" };
          },
        },
      }),
    });
    const { data } = await run("mutation { setPrices { id } }");
    expect(data).toEqual({ setPrices: [{ id: "s" }, { id: "l" }] });
    expect(evicted(events)).toEqual(["size:l", "size:s"]);
  });

  test("asks a null result for nothing", async () => {
    const { run, events, problems } = createCachedSchema(shop(() => null));

    await run(place, { viewer: "ada" });

    expect(evicted(events)).toEqual(["order:7", "orders:ada"]);
    expect(problems).toEqual([]);
  });

  test.each([
    [
      "thrown",
      () => {
        throw new Error("out of dough");
      },
    ],
    [
      "rejected",
      async () => {
        throw new Error("out of dough");
      },
    ],
    ["returned", () => new Error("out of dough")],
  ])(
    "evicts what needs no result where an error was %s, which may have come after a commit",
    async (_how, write) => {
      const { run, events, problems } = createCachedSchema(shop(write));

      const { errors } = await run(place, { viewer: "ada" });

      expect(errors?.map(({ message }) => message)).toEqual(["out of dough"]);
      expect(evicted(events)).toEqual(["order:7", "orders:ada"]);
      expect(problems).toEqual([]);
    },
  );

  test("rethrows the very error", async () => {
    const thrown = new Error("out of dough");
    const { run } = createCachedSchema(
      shop(() => {
        throw thrown;
      }),
    );

    expect((await run(place, { viewer: "ada" })).errors?.[0]?.originalError).toBe(thrown);
  });

  test("does not fail the mutation where the cache does", async () => {
    const { run, cache, problems } = createCachedSchema(
      shop(({ id }) => ({ id, lines: [], customer: { id: 5 } })),
    );
    await cache.close();

    const { data, errors } = await run(place, { viewer: "ada" });

    expect({ data, errors }).toEqual({ data: { place: { id: "7" } } });
    expect(problems.map(({ coordinate }) => coordinate)).toEqual(["Mutation.place"]);
  });

  test("names the viewer of before the write", async () => {
    const { run, events } = createCachedSchema(
      shop((_args, context) => {
        delete context.viewer;
        return null;
      }),
    );

    await run(place, { viewer: "ada" });

    expect(evicted(events)).toContain("orders:ada");
  });

  test.each([
    ["a record", (loaders: { clearAll(): void }[]) => ({ one: loaders[0], two: loaders[1] })],
    ["a list", (loaders: { clearAll(): void }[]) => loaders],
  ])("clears the request's loaders, given as %s", async (_how, give) => {
    let cleared = 0;
    const loader = {
      clearAll: () => {
        cleared += 1;
      },
    };
    const { run } = createCachedSchema(
      shop(() => null, { loaders: () => give([loader, loader]) as (typeof loader)[] }),
    );

    await run('mutation { a: touch(id: "1") { id } b: touch(id: "2") { id } }');

    expect(cleared).toBe(4);
  });

  test("is over before the next mutation of the operation begins (pitfall 23)", async () => {
    const seen: string[][] = [];
    const { run, events } = createCachedSchema(
      shop(() => {
        seen.push(evicted(events));
        return null;
      }),
    );

    await run('mutation { touch(id: "1") { id } place(id: "2") { id } }', { viewer: "ada" });

    expect(seen).toEqual([["order:1"]]);
  });

  test("neither reads nor fills the cache under its payload (pitfall 22)", async () => {
    const { run, asked } = createCachedSchema(shop(() => null));
    await run("{ customer { name } }");

    const { data, outcomes } = await run('mutation { touch(id: "1") { customer { name } } }');

    expect(data).toEqual({ touch: { customer: { name: "name 2" } } });
    expect(outcomes.map(({ coordinate, status }) => [coordinate, status])).toEqual([
      ["Customer.name", "bypassed"],
    ]);
    expect((await run("{ customer { name } }")).data).toEqual({ customer: { name: "name 1" } });
    expect(asked("name")).toBe(2);
  });
});
