import {
  ApolloServer,
  type ApolloServerPlugin,
  type BaseContext,
  type GraphQLRequestContext,
  HeaderMap,
} from "@apollo/server";
import { ApolloServerPluginCacheControl } from "@apollo/server/plugin/cacheControl";
import { ApolloServerPluginCacheControlDisabled } from "@apollo/server/plugin/disabled";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { MapperKind, mapSchema } from "@graphql-tools/utils";
import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type CachedPluginOptions,
  type CdnOptions,
  cachedPlugin,
  createCdn,
} from "../../src/apollo/index.js";
import type { Cache } from "../../src/cache/types.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { createTestCache } from "../directives/support/cached-schema.js";
import { createGate } from "../support/gate.js";

interface Context {
  viewer?: string;
}

interface Policy {
  maxAge: number | undefined;
  scope: string | undefined;
}

interface ServerOptions extends Omit<CachedPluginOptions<Context>, "cdn"> {
  cdn?: CdnOptions;
  /** Fields that are guarded by a transformer of the schema that `apply` gave. */
  guard?: readonly string[];
}

/** The schema with a guard around some fields, as a transformer for `@auth` puts it there. */
function guarded(schema: GraphQLSchema, coordinates: readonly string[]): GraphQLSchema {
  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (config, fieldName, typeName) => {
      if (!coordinates.includes(`${typeName}.${fieldName}`)) return config;
      const { resolve = defaultFieldResolver } = config;
      return { ...config, resolve: (...given) => resolve(...given) };
    },
  });
}

async function createServer(
  { cdn: cdnOptions, guard = [], ...options }: ServerOptions = {},
  calculateHttpHeaders = true,
) {
  const cache = createTestCache();
  const cdn = cdnOptions && createCdn(cache, cdnOptions);
  onTestFinished(() => cdn?.close());
  const directives = cacheDirectives<Context>(cache, {
    viewer: ({ viewer }) => viewer,
    vary: { viewer: ({ viewer }) => viewer ?? "" },
    authorize: { "Query.guarded": () => true },
    onProblem: (problem) => {
      throw problem;
    },
  });
  const policies: Policy[] = [];
  const schema = guarded(
    directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          `type Query {
            menu: [Item!]! @cached(ttl: 300, tags: ["menu"])
            strict: Item @cached(ttl: 300) @cacheControl(maxAge: 10)
            mine: Item @cached(ttl: 60, scope: PRIVATE)
            gone: Item @cached(ttl: 60, nullTtl: 0)
            plain: Item
            failing: Int @cached(ttl: 60)
            broken: Int @cacheControl(maxAge: 60)
            untagged: Int @cached(ttl: 60)
            varied: Int @cached(ttl: 60, vary: ["viewer"])
            guarded: Int @cached(ttl: 60)
            ticket: Int @cached(ttl: 60) @cacheControl(scope: PRIVATE)
            many: [Int!]! @cached(ttl: 60, tags: ["number:{result}"])
          }
          type Mutation { change: Int @evictTags(tags: ["menu"])  hinted: Int @cacheControl(maxAge: 60) }
          type Item {
            id: ID!
            sizes: [Size!]! @cached(ttl: 60, tags: ["sizes of {parent.id}"])
            maker: Maker
            locked: Maker @cacheControl(maxAge: 5)
            label: String
          }
          type Size { id: ID! size: String! }
          type Maker { name: String! item: Item! }
          directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
            on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
          enum CacheControlScope { PUBLIC PRIVATE }`,
        ],
        resolvers: {
          Query: {
            menu: () => [{ id: 1 }, { id: 2 }],
            strict: () => ({ id: 1 }),
            mine: () => ({ id: 1 }),
            gone: () => null,
            plain: () => ({ id: 1 }),
            failing: () => {
              throw new Error("out of dough");
            },
            broken: () => {
              throw new Error("out of dough");
            },
            untagged: () => 1,
            varied: () => 1,
            guarded: () => 1,
            ticket: () => 1,
            many: () => Array.from({ length: 900 }, (_, index) => index + 1e15),
          },
          Mutation: { change: () => 1, hinted: () => 1 },
          Item: {
            sizes: () => [{ id: 1, size: "S" }],
            maker: () => ({ name: "Ada" }),
            locked: () => ({ name: "Ada" }),
            label: () => "fresh every time",
          },
        },
      }),
    ),
    guard,
  );
  const server = new ApolloServer<Context>({
    allowBatchedHttpRequests: true,
    schema,
    plugins: [
      cachedPlugin(directives, { ...options, ...(cdn && { cdn }) }),
      ApolloServerPluginCacheControl({ calculateHttpHeaders }),
      {
        requestDidStart: async () => ({
          willSendResponse: async ({ overallCachePolicy: { maxAge, scope } }) => {
            policies.push({ maxAge, scope });
          },
        }),
      },
    ],
  });
  await server.start();
  onTestFinished(() => server.stop());

  async function ask(
    query: string | string[],
    { debug = "", viewer }: { debug?: string; viewer?: string } = {},
  ) {
    const headers = new HeaderMap([["content-type", "application/json"]]);
    if (debug) headers.set("x-cache-debug", debug);
    const body = Array.isArray(query) ? query.map((each) => ({ query: each })) : { query };
    const response = await server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: "POST", headers, search: "", body },
      context: async () => (viewer === undefined ? {} : { viewer }),
    });
    if (response.body.kind !== "complete") throw new Error("The answer must be complete.");
    return {
      header: response.headers.get("cache-control"),
      status: response.headers.get("cache-status"),
      keys: response.headers.get("surrogate-key"),
      body: JSON.parse(response.body.string),
      policy: policies.at(-1),
    };
  }
  return ask;
}

/** What a server of these plugins answers. */
async function answerOf(schema: GraphQLSchema, plugins: ApolloServerPlugin[], query: string) {
  const server = new ApolloServer({ schema, plugins });
  await server.start();
  onTestFinished(() => server.stop());
  return server.executeOperation({ query });
}

describe("Cache-Control (pitfall 26)", () => {
  test.each([true, false])(
    "lets nobody keep what an eviction cannot reach (Apollo's own header: %s)",
    async (calculateHttpHeaders) => {
      const ask = await createServer({}, calculateHttpHeaders);

      expect((await ask("{ menu { id } }")).header).toBe("no-store");
      expect((await ask("{ menu { id } }")).header).toBe("no-store");
      expect((await ask("{ menu { id } mine { id } }", { viewer: "ada" })).header).toBe(
        "private, no-store",
      );
      expect((await ask("{ mine { id } }")).header).toBe("private, no-store");
      expect((await ask("{ nothing }")).header).toBe("no-store");
    },
  );
});

test("Cache-Control is private where a PRIVATE field took part, though Apollo's own policy is off", async () => {
  const directives = cacheDirectives(createTestCache(), { viewer: () => "ada" });
  const schema = directives.apply(
    makeExecutableSchema({
      typeDefs: [
        directives.typeDefs,
        "type Query { mine: String @cached(ttl: 60, scope: PRIVATE)  menu: String @cached(ttl: 60) }",
      ],
    }),
  );
  const plugins = [cachedPlugin(directives), ApolloServerPluginCacheControlDisabled()];
  const headerOf = async (query: string) => {
    const { http } = await answerOf(schema, plugins, query);
    return http.headers.get("cache-control");
  };

  expect(await headerOf("{ menu mine }")).toBe("private, no-store");
  expect(await headerOf("{ menu }")).toBe("no-store");
});

describe("with a CDN that is purged", () => {
  const cdn: CdnOptions = { purge: () => {} };
  const openCdn = (cache: Cache) => {
    const opened = createCdn(cache, cdn);
    onTestFinished(() => opened.close());
    return opened;
  };

  test.each([true, false])(
    "an answer that is the same for all is the CDN's, for what remains of it and under its tags (Apollo's own header: %s)",
    async (calculateHttpHeaders) => {
      const ask = await createServer({ cdn }, calculateHttpHeaders);

      for (const _time of ["cold", "warm"]) {
        const { header, keys } = await ask("{ menu { id } }");
        expect(header).toMatch(/^max-age=0, s-maxage=(300|299)$/);
        expect(keys).toBe("menu");
      }
      expect(await ask("{ menu { id sizes { size } locked { name } } }")).toMatchObject({
        header: "max-age=0, s-maxage=5",
        keys: "menu sizes%20of%201 sizes%20of%202",
      });
      expect(await ask("{ untagged }")).toMatchObject({
        header: "max-age=0, s-maxage=60",
        keys: undefined,
      });
    },
  );

  test.each([
    ["is private", "{ menu { id } mine { id } }", "private, no-store"],
    ["is private by a hint", "{ ticket }", "private, no-store"],
    ["varies with the context", "{ varied }", "no-store"],
    ["is guarded", "{ guarded }", "no-store"],
    ["holds an error", "{ menu { id } failing }", "no-store"],
    ["holds an error of a field for which a hint vouches", "{ menu { id } broken }", "no-store"],
    ["was not stored", "{ gone { id } }", "no-store"],
    ["has an uncached field", "{ menu { id } plain { id } }", "no-store"],
    ["has an uncached resolver below a cached field", "{ menu { label } }", "no-store"],
    ["has another, whose object has fields", "{ menu { maker { name } } }", "no-store"],
    ["has more tags than a header takes", "{ many }", "no-store"],
    ["changes something", "mutation { change }", "no-store"],
    ["changes something with a hint", "mutation { hinted }", "no-store"],
    ["has no cached field", "{ __typename }", "no-store"],
  ])("an answer that %s is not", async (_what, query, header) => {
    const ask = await createServer({ cdn });
    const answer = await ask(query, { viewer: "ada" });
    expect(answer.header).toBe(header);
    expect(answer.keys).toBeUndefined();
  });

  test("an answer to one who debugs is not, since it shows more", async () => {
    const ask = await createServer({ cdn, debug: true });
    expect((await ask("{ menu { id } }", { debug: "1" })).header).toBe("no-store");
  });

  test("the answers of one request are not, and one that is private makes all of them so", async () => {
    const ask = await createServer({ cdn });
    const [menu, mine] = ["{ menu { id } }", "{ mine { id } }"];

    expect((await ask([menu, menu])).header).toBe("no-store");
    expect((await ask([menu, mine])).header).toBe("private, no-store");
    expect((await ask([mine, menu])).header).toBe("private, no-store");
  });

  test.each([
    ["a cached field", "Query.menu", "{ menu { id } }"],
    ["a field without a resolver", "Item.id", "{ menu { id } }"],
    ["a nested cached field", "Item.sizes", "{ menu { sizes { id } } }"],
  ])("an answer is not that came through a guard around %s", async (_what, guard, query) => {
    const ask = await createServer({ cdn, guard: [guard] });

    for (const _time of ["cold", "warm"]) expect((await ask(query)).header).toBe("no-store");
    expect((await ask("{ untagged }")).header).toBe("max-age=0, s-maxage=60");
  });

  test("an answer is that came through a guard for which a @cacheControl vouches", async () => {
    const ask = await createServer({ cdn, guard: ["Query.strict", "Item.locked"] });

    expect((await ask("{ strict { id } }")).header).toBe("max-age=0, s-maxage=10");
    expect((await ask("{ menu { locked { name } } }")).header).toBe("max-age=0, s-maxage=5");
  });

  test("an answer is not once the server is given a schema that guards it", async () => {
    const cache = createTestCache();
    const directives = cacheDirectives(cache);
    const open = directives.apply(
      makeExecutableSchema({
        typeDefs: [directives.typeDefs, "type Query { report: String @cached(ttl: 60) }"],
        resolvers: { Query: { report: () => "for staff only" } },
      }),
    );
    // Made before Apollo wraps the resolvers of the other.
    const closed = guarded(open, ["Query.report"]);
    let give: (schema: GraphQLSchema) => void = () => {};
    const server = new ApolloServer({
      // A server takes schemas one after another from a gateway alone.
      gateway: {
        onSchemaLoadOrUpdate: (listener) => {
          give = (apiSchema) => listener({ apiSchema, coreSupergraphSdl: "" });
          return () => {};
        },
        load: async () => {
          give(open);
          return { executor: null };
        },
        stop: async () => {},
      },
      plugins: [cachedPlugin(directives, { cdn: openCdn(cache) })],
    });
    await server.start();
    onTestFinished(() => server.stop());
    const header = async () => {
      const { http } = await server.executeOperation({ query: "{ report }" });
      return http.headers.get("cache-control");
    };

    expect(await header()).toBe("max-age=0, s-maxage=60");
    give(closed);
    expect(await header()).toBe("no-store");
  });

  test("an answer is of a second server over the same schema, whose resolvers the first has wrapped", async () => {
    const cache = createTestCache();
    const directives = cacheDirectives(cache);
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [directives.typeDefs, "type Query { menu: String @cached(ttl: 60) }"],
        resolvers: { Query: { menu: () => "pizza" } },
      }),
    );
    for (const _server of ["first", "second"]) {
      const plugins = [cachedPlugin(directives, { cdn: openCdn(cache) })];
      const server = new ApolloServer({ schema, plugins });
      await server.start();
      const { http } = await server.executeOperation({ query: "{ menu }" });
      expect(http.headers.get("cache-control")).toMatch(/^max-age=0, s-maxage=/);
      await server.stop();
    }
  });

  const setsCookie = async ({
    response,
  }: {
    response: GraphQLRequestContext<BaseContext>["response"];
  }) => {
    response.http.headers.set("set-cookie", "session=ada");
  };

  test.each<[string, ApolloServerPlugin]>([
    ["at its start", { requestDidStart: setsCookie }],
    ["at its end", { requestDidStart: async () => ({ willSendResponse: setsCookie }) }],
  ])(
    "an answer is not that sets a cookie %s, which is its reader's own",
    async (_when, opensSession) => {
      const cache = createTestCache();
      const directives = cacheDirectives(cache);
      const schema = directives.apply(
        makeExecutableSchema({
          typeDefs: [
            directives.typeDefs,
            `type Query { menu: String @cached(ttl: 60, tags: ["menu"]) }`,
          ],
          resolvers: { Query: { menu: () => "pizza" } },
        }),
      );
      const plugins = [cachedPlugin(directives, { cdn: openCdn(cache) }), opensSession];
      const { http } = await answerOf(schema, plugins, "{ menu }");

      expect(http.headers.get("cache-control")).toBe("no-store");
      expect(http.headers.has("surrogate-key")).toBe(false);
    },
  );

  test("an answer is not whose fields did not run, since nothing tells then what it hangs on", async () => {
    const cache = createTestCache();
    const directives = cacheDirectives(cache, { vary: { locale: () => "de" } });
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          `type Query { menu: String @cached(ttl: 60, vary: ["locale"], tags: ["menu"]) }`,
        ],
        resolvers: { Query: { menu: () => "Karte" } },
      }),
    );
    // As a plugin that keeps whole answers does.
    const answersItself: ApolloServerPlugin = {
      requestDidStart: async () => ({
        responseForOperation: async ({ overallCachePolicy, response }) => {
          overallCachePolicy.replace({ maxAge: 60, scope: "PUBLIC" });
          const singleResult = { data: { menu: "Karte" } };
          return { http: response.http, body: { kind: "single", singleResult } };
        },
      }),
    };
    const plugins = [cachedPlugin(directives, { cdn: openCdn(cache) }), answersItself];
    const { http } = await answerOf(schema, plugins, "{ menu }");

    expect(http.headers.get("cache-control")).toBe("no-store");
  });

  test("an answer is not to which the project's own default resolver put anything, unless a @cacheControl vouches for it", async () => {
    const cache = createTestCache();
    const byLocale: GraphQLFieldResolver<Record<string, string>, { locale: string }> = (
      source,
      _args,
      { locale },
      { fieldName },
    ) => source[`${fieldName}_${locale}`];
    const directives = cacheDirectives(cache, { fieldResolver: byLocale });
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          `type Query { page: Page @cached(ttl: 60)  note: String }
          type Page { title: String  code: String @cacheControl(maxAge: 60) }
          directive @cacheControl(maxAge: Int) on FIELD_DEFINITION`,
        ],
        resolvers: {
          Query: { page: () => ({ title_de: "Karte", title_en: "Menu", code_de: "7" }) },
        },
      }),
    );
    const plugins = [cachedPlugin(directives, { cdn: openCdn(cache) })];
    const server = new ApolloServer({ schema, plugins, fieldResolver: byLocale });
    await server.start();
    onTestFinished(() => server.stop());
    const ask = async (query: string) => {
      const { http } = await server.executeOperation({ query }, { contextValue: { locale: "de" } });
      return http.headers.get("cache-control");
    };

    expect(await ask("{ page { title } }")).toBe("no-store");
    expect(await ask("{ page { code } }")).toMatch(/^max-age=0, s-maxage=/);
    expect([...directives.liveFields(schema)]).toEqual(["Query.note", "Page.title"]);
  });

  test("an answer is not to which a resolver of the project's own put anything, named as GraphQL.js's own is", () => {
    function defaultFieldResolver() {}
    const resolvers = {
      Query: { page: defaultFieldResolver, note: defaultFieldResolver },
      Page: { title: defaultFieldResolver },
    };
    const directives = cacheDirectives(createTestCache());
    const typeDefs = [
      directives.typeDefs,
      "type Query { page: Page @cached(ttl: 60)  note: String } type Page { title: String }",
    ];
    const schema = directives.apply(makeExecutableSchema({ typeDefs, resolvers }));

    expect([...directives.liveFields(schema)]).toEqual(["Query.note", "Page.title"]);
  });

  test("a mutation is answered once what it evicts is purged", async () => {
    const gate = createGate();
    const order: string[] = [];
    const ask = await createServer({
      cdn: {
        waitSeconds: 60,
        purge: async (keys) => {
          await gate.pass();
          order.push(`purged ${keys}`);
        },
      },
    });

    const answer = ask("mutation { change }").then(() => order.push("answered"));
    await gate.arrived;
    gate.open();
    await answer;

    expect(order).toEqual(["purged menu", "answered"]);
  });

  test("a query is answered while something is purged", async () => {
    const gate = createGate();
    const ask = await createServer({ cdn: { waitSeconds: 60, purge: () => gate.pass() } });

    const order: string[] = [];

    const change = ask("mutation { change }").then(() => order.push("mutation"));
    await gate.arrived;
    await ask("{ untagged }").then(() => order.push("query"));
    gate.open();
    await change;

    expect(order).toEqual(["query", "mutation"]);
  });
});

describe("Cache-Status", () => {
  test("sums up what the cached fields did", async () => {
    const ask = await createServer();

    expect((await ask("{ menu { id } }")).status).toBe(
      'graphql-cached; fwd=miss; stored; ttl=300; detail="miss=1"',
    );
    expect((await ask("{ menu { id } }")).status).toMatch(
      /^graphql-cached; hit; ttl=(300|299); detail="hit=1"$/,
    );
    expect((await ask("{ menu { id sizes { id } } }")).status).toMatch(/; fwd=partial; stored; /);
    expect((await ask("{ mine { id } }")).status).toBe(
      'graphql-cached; fwd=bypass; detail="bypassed=1"',
    );
  });

  test("is left out where no cached field took part, where several answers share it, and where it is unwanted", async () => {
    const ask = await createServer();
    expect((await ask("{ plain { id } }")).status).toBeUndefined();
    expect((await ask(["{ menu { id } }", "{ menu { id } }"])).status).toBeUndefined();
    const silent = await createServer({ cacheStatus: false });
    expect((await silent("{ menu { id } }")).status).toBeUndefined();
  });
});

describe("Apollo's cache policy", () => {
  test("has the ttl of what was just stored, and what remains of it later", async () => {
    const ask = await createServer();

    expect((await ask("{ menu { id } }")).policy).toEqual({ maxAge: 300, scope: "PUBLIC" });
    const { maxAge } = (await ask("{ menu { id } }")).policy as { maxAge: number };
    expect(maxAge).toBeGreaterThan(290);
    expect(maxAge).toBeLessThanOrEqual(300);
  });

  test("is inherited by what lies below a cached field", async () => {
    const ask = await createServer();

    const { policy } = await ask("{ menu { id maker { item { maker { name } } } } }");

    expect(policy?.maxAge).toBe(300);
  });

  test("keeps a stricter hint of the project's own", async () => {
    const ask = await createServer();

    expect((await ask("{ strict { id } }")).policy?.maxAge).toBe(10);
    expect((await ask("{ menu { locked { name } } }")).policy?.maxAge).toBe(5);
    expect((await ask("{ menu { id } plain { id } }")).policy?.maxAge).toBe(0);
  });

  test("is 0 for what was not stored", async () => {
    const ask = await createServer();

    expect((await ask("{ gone { id } }")).policy?.maxAge).toBe(0);
    expect((await ask("{ mine { id } }")).policy).toEqual({ maxAge: 0, scope: "PRIVATE" });
  });

  test("is private where a PRIVATE field took part", async () => {
    const ask = await createServer();

    expect((await ask("{ menu { id } mine { id } }", { viewer: "ada" })).policy).toEqual({
      maxAge: 60,
      scope: "PRIVATE",
    });
  });
});

test.each([
  [undefined, "undefined"],
  [{ debug: true }, "an object"],
])("%j in the place of directives is refused", (given, came) => {
  expect(() => cachedPlugin(given as never)).toThrow(
    `directives must be what cacheDirectives gave, but got: ${came}`,
  );
});

test("an option that it does not know is refused", () => {
  const directives = cacheDirectives<Context>(createTestCache());
  const misspelt = { cacheState: false } as CachedPluginOptions<Context>;
  expect(() => cachedPlugin(directives, misspelt)).toThrow(
    'cachedPlugin knows the options debug, cdn, cacheStatus; "cacheState" is not one of them.',
  );
});

describe("extensions.cache", () => {
  test("tells what each cached field did, where it is asked for and allowed", async () => {
    const ask = await createServer({ debug: true });

    const cold = await ask("{ menu { id } }", { debug: "1" });
    const warm = await ask("{ pizzas: menu { id } mine { id } }", { debug: "1", viewer: "ada" });

    expect(cold.body.extensions.cache).toEqual({
      "Query.menu": {
        statuses: { miss: 1 },
        fields: [{ path: "menu", status: "miss", ageSeconds: 0, tags: ["menu"] }],
      },
    });
    expect(warm.body.extensions.cache).toMatchObject({
      "Query.menu": { statuses: { hit: 1 }, fields: [{ path: "pizzas", status: "hit" }] },
      "Query.mine": { statuses: { miss: 1 }, fields: [{ path: "mine", tags: ["viewer:ada"] }] },
    });
  });

  test.each([
    ["allows it", () => Promise.resolve(true)],
    ["rejects", () => Promise.reject(new Error("Nobody is signed in."))],
  ])("stays away where a promise, which nobody waits for, %s", async (_what, answers) => {
    const debug = answers as unknown as () => boolean;
    const ask = await createServer({ debug });

    expect((await ask("{ menu { id } }", { debug: "1" })).body.extensions).toBeUndefined();
  });

  test("stays away otherwise", async () => {
    const allowed = await createServer({ debug: true });
    const never = await createServer();
    const some = await createServer({
      debug: ({ contextValue }) => contextValue.viewer === "staff",
    });

    expect((await allowed("{ menu { id } }")).body.extensions).toBeUndefined();
    expect((await allowed("{ menu { id } }", { debug: "0" })).body.extensions).toBeUndefined();
    expect((await never("{ menu { id } }", { debug: "1" })).body.extensions).toBeUndefined();
    expect((await some("{ menu { id } }", { debug: "1" })).body.extensions).toBeUndefined();
    expect(
      (await some("{ menu { id } }", { debug: "1", viewer: "staff" })).body.extensions.cache,
    ).toHaveProperty(["Query.menu"]);
  });
});
