import { ApolloServer, HeaderMap } from "@apollo/server";
import { ApolloServerPluginCacheControl } from "@apollo/server/plugin/cacheControl";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { describe, expect, onTestFinished, test } from "vitest";
import { type CachedPluginOptions, cachedPlugin } from "../../src/apollo/index.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { createTestCache } from "../directives/support/cached-schema.js";

interface Context {
  viewer?: string;
}

interface Policy {
  maxAge: number | undefined;
  scope: string | undefined;
}

async function createServer(options?: CachedPluginOptions<Context>, calculateHttpHeaders = true) {
  const directives = cacheDirectives<Context>(createTestCache(), {
    viewer: ({ viewer }) => viewer,
    onProblem: (problem) => {
      throw problem;
    },
  });
  const policies: Policy[] = [];
  const server = new ApolloServer<Context>({
    schema: directives.apply(
      makeExecutableSchema({
        typeDefs: [
          directives.typeDefs,
          `type Query {
            menu: [Item!]! @cached(ttl: 300, tags: ["menu"])
            strict: Item @cached(ttl: 300) @cacheControl(maxAge: 10)
            mine: Item @cached(ttl: 60, scope: PRIVATE)
            gone: Item @cached(ttl: 60, nullTtl: 0)
            plain: Item
          }
          type Item { id: ID! sizes: [Size!]! maker: Maker  locked: Maker @cacheControl(maxAge: 5) }
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
          },
          Item: {
            sizes: () => [{ id: 1, size: "S" }],
            maker: () => ({ name: "Ada" }),
            locked: () => ({ name: "Ada" }),
          },
        },
      }),
    ),
    plugins: [
      cachedPlugin(directives, options),
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
    query: string,
    { debug = "", viewer }: { debug?: string; viewer?: string } = {},
  ) {
    const headers = new HeaderMap([["content-type", "application/json"]]);
    if (debug) headers.set("x-cache-debug", debug);
    const response = await server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: "POST", headers, search: "", body: { query } },
      context: async () => (viewer === undefined ? {} : { viewer }),
    });
    if (response.body.kind !== "complete") throw new Error("The answer must be complete.");
    return {
      header: response.headers.get("cache-control"),
      body: JSON.parse(response.body.string),
      policy: policies.at(-1),
    };
  }
  return ask;
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

    const { policy } = await ask("{ menu { sizes { size } maker { item { maker { name } } } } }");

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
