import fc from "fast-check";
import { execute, GraphQLError, parse, subscribe } from "graphql";
import { describe, expect, test } from "vitest";
import {
  byViewer,
  createCachedSchema,
  type SchemaParts,
  type TestContext,
} from "./support/cached-schema.js";

/** Orders that only their owner may see; the resolver answers with who asked. */
const orders: SchemaParts = {
  typeDefs: `
    type Query {
      order(id: ID!): Order @cached(ttl: 60, tags: ["order:{args.id}"], scope: PRIVATE)
      orders(first: Int = 20, after: String): [Order!]! @cached(ttl: 60, tags: ["orders:{viewer}"], scope: PRIVATE)
      greeting: String @cached(ttl: 60, vary: ["locale"])
      top(of: String): String @cached(ttl: 60)
      node: Node
    }
    interface Node { id: ID! }
    type Order implements Node {
      id: ID!
      owner: String
      note: String @cached(ttl: 60, scope: PRIVATE)
    }
    type Mutation { signOutEverywhere(id: ID!): Boolean @evictTags(tags: ["viewer:{args.id}"]) }
  `,
  resolvers: (count) => ({
    Query: {
      order: (_source: never, { id }: { id: string }, { viewer }: TestContext) => {
        count("order");
        return { id, owner: viewer };
      },
      orders: (_source: never, _args: never, { viewer }: TestContext) => {
        count("orders");
        return [{ id: "1", owner: viewer }];
      },
      greeting: (_source: never, _args: never, { locale }: TestContext) => {
        count("greeting");
        return `hello in ${locale}`;
      },
      top: (_source: never, _args: never, { viewer }: TestContext) => `${viewer}`,
      node: () => ({ __typename: "Order", id: "1" }),
    },
    Order: {
      note: ({ id }: { id: string }, _args: never, { viewer }: TestContext) => {
        count("note");
        return `${viewer}'s note on ${id}`;
      },
    },
    Mutation: { signOutEverywhere: () => true },
  }),
  options: { ...byViewer, vary: { locale: ({ locale }) => locale } },
};

describe("a PRIVATE field", () => {
  test("is one entry a viewer", async () => {
    const { run, asked } = createCachedSchema(orders);
    const query = '{ order(id: "7") { owner note } }';

    for (const viewer of ["ada", "bob", "ada", "bob"]) {
      expect((await run(query, { viewer })).data).toEqual({
        order: { owner: viewer, note: `${viewer}'s note on 7` },
      });
    }

    expect([asked("order"), asked("note")]).toEqual([2, 2]);
  });

  test.each([
    ["an alias", '{ mine: order(id: "7") { owner } }'],
    ["two aliases", '{ a: order(id: "7") { owner } b: order(id: "7") { owner } }'],
    ["an inline fragment", '{ ... on Query { order(id: "7") { ... on Order { owner } } } }'],
    ["a named fragment", '{ ...f } fragment f on Query { order(id: "7") { owner } }'],
    ["an interface", "{ node { ... on Order { note } } }"],
    ["a directive", '{ order(id: "7") @include(if: true) { owner } }'],
    ["arguments in a variable's place", 'query ($id: ID = "7") { order(id: $id) { owner } }'],
  ])("shows nobody another's through %s", async (_what, query) => {
    const { run } = createCachedSchema(orders);

    await run('{ order(id: "7") { owner note } orders { owner } }', { viewer: "ada" });
    await run(query, { viewer: "ada" });
    const { data } = await run(query, { viewer: "bob" });

    expect(JSON.stringify(data)).toContain("bob");
    expect(JSON.stringify(data)).not.toContain("ada");
  });

  test("cannot be reached by a forged argument or identity", async () => {
    const { run, asked } = createCachedSchema(orders);
    const forged = fc.oneof(
      fc.string({ unit: "binary", maxLength: 10 }),
      fc.constantFrom(
        "7|viewer:ada",
        '7")|viewer:ada',
        "7%7Cviewer%3Aada",
        "ada:7",
        "{viewer}",
        "__proto__",
      ),
    );
    const query = "query ($id: ID!) { order(id: $id) { id owner } orders { owner } }";
    await run(query, { viewer: "ada" }, { id: "7" });

    await fc.assert(
      fc.asyncProperty(forged, forged, async (id, viewer) => {
        fc.pre(viewer !== "ada");
        const { data } = await run(query, { viewer }, { id });
        expect(data).toEqual({ order: { id, owner: viewer }, orders: [{ owner: viewer }] });
      }),
      { numRuns: 100 },
    );
    expect(asked("order")).toBeGreaterThan(10);
  });

  test.each([undefined, null, ""])("is not cached for nobody (%j, pitfall 6)", async (viewer) => {
    const { run, asked, problems } = createCachedSchema(orders);
    const context = viewer === undefined ? {} : { viewer };

    await run("{ orders { owner } }", context);
    const { outcomes, isPrivate } = await run("{ orders { owner } }", context);

    expect(asked("orders")).toBe(2);
    expect(outcomes).toMatchObject([{ status: "bypassed" }]);
    expect(isPrivate).toBe(true);
    expect(problems).toEqual([]);
  });

  test("takes a number for a viewer, in one space with strings", async () => {
    const { run, asked } = createCachedSchema(orders);

    await run("{ orders { owner } }", { viewer: 0 });
    await run("{ orders { owner } }", { viewer: "0" });

    expect(asked("orders")).toBe(1);
  });

  test.each([
    ["an object", { id: 1 }, "of type object"],
    ["a promise", Promise.resolve("ada"), "of type object"],
    ["NaN", Number.NaN, "NaN"],
    ["infinity", Number.POSITIVE_INFINITY, "Infinity"],
    ["true", true, "of type boolean"],
  ])(
    "is neither cached nor failed by %s for a viewer, which is reported once",
    async (_what, viewer, found) => {
      const { run, asked, problems } = createCachedSchema(orders);
      const context = { viewer } as TestContext;

      expect((await run("{ orders { id } }", context)).data).toEqual({ orders: [{ id: "1" }] });
      await run("{ orders { id } }", context);

      expect(asked("orders")).toBe(2);
      expect(problems.map(({ coordinate, message }) => [coordinate, message])).toEqual([
        [
          "Query.orders",
          `Query.orders: the result is not cached: the viewer must be a non-empty string or a finite number, but is ${found}.`,
        ],
      ]);
    },
  );

  test("is also filed under its viewer, for all of whose entries to go at once (pitfall 7)", async () => {
    const { run, asked } = createCachedSchema(orders);
    const query = '{ order(id: "7") { note } orders { owner } }';
    for (const viewer of ["a:b", "bob"]) await run(query, { viewer });
    expect([asked("order"), asked("orders"), asked("note")]).toEqual([2, 2, 2]);

    await run('mutation { signOutEverywhere(id: "a:b") }');

    for (const viewer of ["a:b", "bob"]) await run(query, { viewer });
    expect([asked("order"), asked("orders"), asked("note")]).toEqual([3, 3, 3]);
  });

  test("says that it took part, on a hit as on a miss", async () => {
    const { run, schema, directives } = createCachedSchema(orders);

    const contextValue = { viewer: "ada" };
    const observation = directives.observe(contextValue);
    await execute({ schema, document: parse("{ orders { id } }"), contextValue });
    expect(observation).toMatchObject({ isPrivate: true, isShared: false });

    expect((await run("{ greeting }")).isPrivate).toBe(false);
    expect((await run("{ orders { id } }", { viewer: "ada" })).isPrivate).toBe(true);
    expect((await run("{ orders { id } }", { viewer: "ada" })).isPrivate).toBe(true);
  });
});

describe("a PUBLIC field below a PRIVATE one", () => {
  const below: SchemaParts = {
    typeDefs: `
      type Query {
        mine: Item @cached(ttl: 60, scope: PRIVATE)
        everybodys: Item
        me: Me @cached(ttl: 60, scope: PRIVATE)
        label: String @cached(ttl: 60)
      }
      type Me { item: Item  query: Query }
      type Item { id: ID!  label: String @cached(ttl: 60)  self: Item @cached(ttl: 60) }
      type Mutation { leave(id: ID!): Boolean @evictTags(tags: ["viewer:{args.id}"]) }
    `,
    resolvers: (count) => ({
      Query: {
        mine: (_source: never, _args: never, { viewer }: TestContext) => ({ id: 1, own: viewer }),
        everybodys: () => ({ id: 1, own: "everybody" }),
        me: (_source: never, _args: never, { viewer }: TestContext) => ({ name: viewer }),
      },
      Me: {
        item: ({ name }: { name: string }) => ({ id: 1, own: name }),
        query: ({ name }: { name: string }) => ({ label: `${name}'s` }),
      },
      Item: {
        label: ({ own }: { own: string }) => {
          count("label");
          return `${own}'s`;
        },
        self: (item: object) => ({ ...item }),
      },
    }),
    options: byViewer,
  };

  test.each([
    ["at once", "{ item: mine { label } }"],
    ["through other fields", "{ me { item { label } } }"],
    ["through a PUBLIC field", "{ item: mine { self { label } } }"],
    ["through Query reached again", "{ me { query { label } } }"],
  ])("%s shows nobody what is another's", async (_how, query) => {
    const { run } = createCachedSchema(below);

    for (const viewer of ["ada", "bob", undefined, "ada"]) {
      const context = viewer === undefined ? {} : { viewer };
      expect(JSON.stringify((await run(query, context)).data)).toContain(`"label":"${viewer}'s"`);
      expect((await run("{ everybodys { label } }")).data).toEqual({
        everybodys: { label: "everybody's" },
      });
    }
  });

  test("shows nobody what is another's where only Query, reached again, has cached fields", async () => {
    const { run } = createCachedSchema({
      typeDefs: `
        type Query { me: Me @cached(ttl: 60, scope: PRIVATE)  label: String @cached(ttl: 60) }
        type Me { query: Query }
      `,
      resolvers: () => ({
        Query: {
          me: (_source: never, _args: never, { viewer }: TestContext) => ({ name: viewer }),
          label: ({ label }: { label: string }) => label,
        },
        Me: { query: ({ name }: { name: string }) => ({ label: `${name}'s` }) },
      }),
      options: byViewer,
    });

    for (const viewer of ["ada", "bob"]) {
      expect((await run("{ me { query { label } } }", { viewer })).data).toEqual({
        me: { query: { label: `${viewer}'s` } },
      });
    }
  });

  test("is cached, one entry a viewer, which goes with the viewer's others", async () => {
    const { run, asked } = createCachedSchema(below);
    for (const viewer of ["ada", "ada", "bob"]) await run("{ mine { label } }", { viewer });
    expect(asked("label")).toBe(2);

    await run('mutation { leave(id: "ada") }');
    for (const viewer of ["ada", "bob"]) await run("{ mine { label } }", { viewer });

    expect(asked("label")).toBe(3);
  });
});

describe("vary", () => {
  test("keeps apart what the context tells apart", async () => {
    const { run, asked } = createCachedSchema(orders);

    for (const locale of ["de", "en", "de", "en"]) {
      expect((await run("{ greeting }", { locale })).data).toEqual({
        greeting: `hello in ${locale}`,
      });
    }
    await run("{ greeting }");
    await run("{ greeting }", { locale: "undefined" });

    expect(asked("greeting")).toBe(4);
  });

  test("that fails is reported, and the field answered by its resolver (pitfall 3)", async () => {
    const { run, asked, problems } = createCachedSchema({
      ...orders,
      options: {
        ...byViewer,
        vary: {
          locale: () => {
            throw new Error("no locale table");
          },
        },
      },
    });

    expect((await run("{ greeting }", { locale: "de" })).data).toEqual({ greeting: "hello in de" });
    await run("{ greeting }", { locale: "de" });

    expect(asked("greeting")).toBe(2);
    expect(problems.map(({ message }) => message)).toEqual([
      "Query.greeting: the result is not cached, since its key or tags failed: no locale table.",
    ]);
  });
});

describe("authorize", () => {
  const guarded = (authorize: (viewer: unknown) => boolean | Promise<boolean>): SchemaParts => ({
    ...orders,
    options: {
      ...byViewer,
      vary: { locale: () => "" },
      authorize: {
        "Query.greeting": (_source, _args, { viewer }) => authorize(viewer),
        "Query.node": (_source, _args, { viewer }) => authorize(viewer),
      },
    },
  });

  test.each([
    ["at once", (viewer: unknown) => viewer === "ada"],
    ["later", async (viewer: unknown) => viewer === "ada"],
  ])("is asked on a hit as on a miss, and may answer %s (pitfall 6)", async (_when, authorize) => {
    const { run, asked } = createCachedSchema(guarded(authorize));
    await run("{ greeting }", { viewer: "ada" });

    const { data, errors } = await run("{ greeting }", { viewer: "bob" });

    expect(data).toEqual({ greeting: null });
    expect(errors).toMatchObject([
      { message: "Not allowed to read Query.greeting.", extensions: { code: "FORBIDDEN" } },
    ]);
    expect((await run("{ greeting }", { viewer: "ada" })).errors).toBeUndefined();
    expect(asked("greeting")).toBe(1);
  });

  test("guards a field that is not cached", async () => {
    const { run } = createCachedSchema(guarded(() => false));
    expect((await run("{ node { id } }")).errors).toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);
  });

  test("lets nobody whom it refuses evict anything", async () => {
    const { run, asked, events } = createCachedSchema({
      typeDefs: `type Query { menu: Int @cached(ttl: 60, tags: ["menu"]) }
        type Mutation { change: Int @evictTags(tags: ["menu"]) }`,
      resolvers: (count) => ({
        Query: { menu: () => 1 },
        Mutation: { change: () => count("change") },
      }),
      options: { authorize: { "Mutation.change": () => false } },
    });

    expect((await run("mutation { change }")).errors).toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);

    expect(asked("change")).toBe(0);
    expect(events.filter(({ type }) => type === "evict")).toEqual([]);
  });

  test("that fails refuses, and shows its reason only where it is meant for clients", async () => {
    const failing = (error: Error) =>
      createCachedSchema(
        guarded(() => {
          throw error;
        }),
      ).run("{ greeting }");

    const { errors } = await failing(new Error("secret table missing"));
    expect(errors).toMatchObject([
      { message: "Not allowed to read Query.greeting.", extensions: { code: "FORBIDDEN" } },
    ]);
    expect(JSON.stringify(errors)).not.toContain("secret");
    // One made of an ordinary error is one that servers mask, the code included; the reason is there for logs.
    const thrown = errors?.[0]?.originalError as GraphQLError;
    expect(thrown).toBeInstanceOf(GraphQLError);
    expect(thrown.originalError).toBeUndefined();
    expect(thrown.cause).toMatchObject({ message: "secret table missing" });
    const shown = new GraphQLError("Sign in first.", { extensions: { code: "UNAUTHENTICATED" } });
    expect((await failing(shown)).errors).toMatchObject([
      { message: "Sign in first.", extensions: { code: "UNAUTHENTICATED" } },
    ]);
  });

  test("lets nobody whom it refuses so much as begin to listen", async () => {
    let opened = 0;
    const { schema } = createCachedSchema({
      typeDefs: "type Query { now: Int } type Subscription { ticks: Int }",
      resolvers: () => ({
        Subscription: {
          ticks: {
            async *subscribe() {
              opened += 1;
              yield { ticks: 1 };
            },
          },
        },
      }),
      options: {
        authorize: { "Subscription.ticks": (_source, _args, { viewer }) => viewer === 1 },
      },
    });
    const document = parse("subscription { ticks }");
    expect(await subscribe({ schema, document, contextValue: {} })).toMatchObject({
      errors: [{ extensions: { code: "FORBIDDEN" }, path: ["ticks"] }],
    });
    expect(opened).toBe(0);

    const events = await subscribe({ schema, document, contextValue: { viewer: 1 } });
    if (!(Symbol.asyncIterator in events)) throw new Error("Nobody may be refused who is allowed.");
    expect(await events.next()).toMatchObject({ value: { data: { ticks: 1 } } });
    await events.return?.(undefined);
  });

  test("refuses what is not plainly true", async () => {
    const { run } = createCachedSchema(guarded(() => "yes" as unknown as boolean));
    expect((await run("{ greeting }")).errors).toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);
  });
});
