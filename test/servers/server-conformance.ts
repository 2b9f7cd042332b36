import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createCache } from "../../src/cache/cache.js";
import type { CacheOptions } from "../../src/cache/cache-options.js";
import type { Cache } from "../../src/cache/types.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import type { Observation } from "../../src/directives/observations.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import { codeFirst } from "./support/code-first-shop.js";
import type { AskOptions, OpenServer, TestServer } from "./support/servers.js";
import { createShop, type ShopContext, sdlFirst } from "./support/shop.js";

const SCHEMAS = { "SDL-first": sdlFirst, "code-first": codeFirst };

const CACHES: Record<string, CacheOptions> = {
  Redis: {},
  "Redis and a near cache": { near: { maxAgeSeconds: 60 } },
};

/** A server that compiles a query does so once it has seen it, so each test is played as often. */
const ROUNDS = 3;

/** What the directives promise under every GraphQL server, for each way to write a schema and each tier of the cache. */
export function describeServer(name: string, open: OpenServer): void {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  for (const [schemaName, schemaOf] of Object.entries(SCHEMAS)) {
    for (const [cacheName, cacheOptions] of Object.entries(CACHES)) {
      describe(`${name}, ${schemaName}, ${cacheName}`, () => {
        const shop = createShop();
        const problems: unknown[] = [];
        let cache: Cache;
        let server: TestServer;
        let observed: Observation | undefined;

        beforeAll(async () => {
          cache = createCache({
            redis: redis.client(),
            prefix: `${schemaName}-${cacheName}:`,
            commandTimeoutMs: 5_000,
            earlyRefresh: 0,
            ...cacheOptions,
          });
          await vi.waitFor(async () => expect((await cache.health()).problems).toEqual([]));
          const directives = cacheDirectives<ShopContext>(cache, {
            viewer: ({ viewer }) => viewer,
            loaders: ({ loaders }) => ({ ...loaders }),
            onProblem: (problem) => problems.push(problem),
          });
          server = await open(schemaOf(shop, directives), shop.context, (context) => {
            observed = directives.observe(context, { outcomes: true });
          });
        });
        afterAll(async () => {
          await server[Symbol.asyncDispose]();
          await cache.close();
        });

        let probes = 0;
        /** With a near cache an operation is as old as the pushes are: until they tell of an eviction, nothing is stored. */
        async function isTold(): Promise<void> {
          const since = await cache.position();
          const options = { ttlSeconds: 60, tags: [`probe-${++probes}`], since };
          const { remainingSeconds } = await cache.lookup(`probe-${probes}`, options, () => true);
          expect(remainingSeconds).toBeGreaterThan(0);
        }

        function promise(what: string, keep: () => Promise<void>): void {
          test(what, async () => {
            for (let round = 0; round < ROUNDS; round += 1) {
              shop.reset();
              await cache.clear();
              await vi.waitFor(isTold);
              await keep();
            }
            expect(problems).toEqual([]);
          });
        }

        /** What an operation without errors answers. */
        async function ask(query: string, options?: AskOptions) {
          const { data, errors } = await server.ask(query, options);
          expect(errors).toBeUndefined();
          return data as Record<string, unknown>;
        }

        promise("a field is asked once, and answers the same again", async () => {
          const cold = await ask("{ menu { id price sizes { id name } } hours }");
          const warm = await ask("{ menu { id price sizes { id name } } hours }");

          expect(cold.menu).toHaveLength(3);
          expect(warm).toEqual(cold);
          expect([shop.asked("menu"), shop.asked("hours")]).toEqual([1, 1]);
          expect(shop.batches).toEqual({ prices: [3], sizes: [3] });
        });

        promise("a list of a hundred reaches each loader as one batch", async () => {
          shop.ids.splice(0, 3, ...Array.from({ length: 100 }, (_, index) => `n${index}`));
          for (const id of shop.ids) shop.prices.set(id, 10);

          const { menu } = await ask("{ menu { price sizes { name } } }");

          expect(menu).toHaveLength(100);
          expect(shop.batches).toEqual({ prices: [100], sizes: [100] });
        });

        promise("aliases, fragments and variables change nothing", async () => {
          const query = `query Q($id: ID!) { first: item(id: $id) { ...P } }
            fragment P on Item { cost: price  ... on Node { label } }`;

          const asVariable = await ask(query, { variables: { id: "a" } });
          const asLiteral = await ask('{ item(id: "a") { label price } }');

          expect(asVariable).toEqual({ first: { cost: 10, label: "the a" } });
          expect(asLiteral).toEqual({ item: { price: 10, label: "the a" } });
          expect([shop.asked("item"), shop.asked("label")]).toEqual([1, 1]);
          expect(shop.batches.prices).toEqual([1]);
        });

        promise("other arguments are other entries", async () => {
          const query = "query Q($id: ID!) { item(id: $id) { id } }";

          expect(await ask(query, { variables: { id: "a" } })).toEqual({ item: { id: "a" } });
          expect(await ask(query, { variables: { id: "b" } })).toEqual({ item: { id: "b" } });
          expect(shop.asked("item")).toBe(2);
        });

        promise("a null is cached, and an error is not", async () => {
          for (let time = 0; time < 2; time += 1) {
            const { data, errors } = await server.ask("{ nothing broken }");
            expect(data).toEqual({ nothing: null, broken: null });
            expect(errors?.map(({ message }) => message)).toEqual(["out of dough"]);
          }
          expect([shop.asked("nothing"), shop.asked("broken")]).toEqual([1, 2]);
        });

        promise("a PRIVATE field is its viewer's, and nobody's without one", async () => {
          for (const viewer of ["ada", "ada", "ben"]) {
            expect(await ask("{ favourites }", { viewer })).toEqual({
              favourites: [`${viewer}'s`],
            });
          }
          expect(shop.asked("favourites")).toBe(2);
          await ask("{ favourites }");
          await ask("{ favourites }");
          expect(shop.asked("favourites")).toBe(4);
        });

        promise("a field of an interface is cached for each type and parent", async () => {
          const nodes = [{ label: "the a" }, { label: "the east" }];

          expect(await ask("{ nodes { label } }")).toEqual({ nodes });
          expect(
            await ask("{ nodes { ... on Item { label } ...B } } fragment B on Branch { label }"),
          ).toEqual({ nodes });

          expect(shop.asked("label")).toBe(2);
        });

        promise(
          "a resolver that reads the selection is cached by it, variables included",
          async () => {
            const query = `query Q($two: Boolean!) { picked { names one two @include(if: $two) } }`;
            const names = async (two: boolean) =>
              ((await ask(query, { variables: { two } })).picked as { names: string }).names;

            expect(await names(true)).toBe("names one two");
            expect(await names(false)).toBe("names one");
            expect(await names(true)).toBe("names one two");
            expect(shop.asked("picked")).toBe(2);
          },
        );

        promise(
          "a mutation has evicted before it is answered, and its payload is new",
          async () => {
            await ask("{ menu { id price } }");

            const { setPrice } = await ask('mutation { setPrice(id: "b", price: 12) { price } }');
            const { menu } = await ask("{ menu { id price } }");

            expect(setPrice).toEqual({ price: 12 });
            expect(menu).toEqual([
              { id: "a", price: 10 },
              { id: "b", price: 12 },
              { id: "c", price: 10 },
            ]);
            expect(shop.asked("menu")).toBe(2);
          },
        );

        promise("each answer can be observed, with its path", async () => {
          const query = "{ all: menu { id sizes { name } } favourites }";
          const outcomes = async (viewer: string) => {
            await ask(query, { viewer });
            return observed?.outcomes
              .map(({ coordinate, path, status }) => `${coordinate} ${path.join(".")} ${status}`)
              .sort();
          };
          const answers = (status: string) => [
            `Item.sizes all.0.sizes ${status}`,
            `Item.sizes all.1.sizes ${status}`,
            `Item.sizes all.2.sizes ${status}`,
            `Query.favourites favourites ${status}`,
            `Query.menu all ${status}`,
          ];

          expect(await outcomes("ada")).toEqual(answers("miss"));
          expect(await outcomes("ada")).toEqual(answers("hit"));
          expect(observed?.isPrivate).toBe(true);
          await ask("{ menu { id } }");
          expect(observed?.isPrivate).toBe(false);
        });

        promise("the mutations of one operation see each other", async () => {
          await ask('{ item(id: "a") { price } }');

          const data = await ask(`mutation {
            one: setPrice(id: "a", price: 11) { price }
            two: raise(ids: ["a", "nowhere", "b"]) { price }
            three: setPrice(id: "a", price: 15) { price }
          }`);

          expect(data).toEqual({
            one: { price: 11 },
            two: [{ price: 12 }, null, { price: 11 }],
            three: { price: 15 },
          });
          expect(await ask('{ item(id: "a") { price } }')).toEqual({ item: { price: 15 } });
        });

        promise("each element of a result evicts its tag, a null none", async () => {
          await ask("{ menu { price } }");

          await ask('mutation { raise(ids: ["a", "nowhere", "c"]) { id } }');
          await vi.waitFor(isTold);

          expect(await ask("{ menu { price } }")).toEqual({
            menu: [{ price: 11 }, { price: 10 }, { price: 11 }],
          });
          expect(shop.batches.prices).toEqual([3, 2]);
        });

        promise("a mutation that throws evicts the tags that need no result", async () => {
          await ask('{ item(id: "a") { price } }');

          const { errors } = await server.ask(
            'mutation { setPriceAndFail(id: "a", price: 99) { id } }',
          );

          expect(errors?.map(({ message }) => message)).toEqual(["out of dough"]);
          expect(await ask('{ item(id: "a") { price } }')).toEqual({ item: { price: 99 } });
        });

        promise(
          "operations of one HTTP request share loads, and leave nothing old behind",
          async () => {
            const reading = '{ item(id: "a") { price } }';

            const [one, other] = await server.askBatch([reading, reading]);
            expect(one).toEqual(other);
            expect([shop.asked("item"), ...shop.batches.prices]).toEqual([1, 1]);

            const answers = await server.askBatch([
              reading,
              'mutation { setPrice(id: "a", price: 12) { price } }',
              reading,
            ]);
            expect(answers.map(({ errors }) => errors)).toEqual([undefined, undefined, undefined]);
            expect(answers[1]?.data).toEqual({ setPrice: { price: 12 } });
            expect(await ask(reading)).toEqual({ item: { price: 12 } });
          },
        );

        if (cacheOptions.near) {
          promise("what is near is answered without the store", async () => {
            const query = "{ menu { price sizes { id } } nothing }";
            const lookups = 1 + 3 + 3 + 1;
            await expect
              .poll(async () => {
                const before = cache.stats();
                await ask(query);
                const { nearHits, hits, misses } = cache.stats();
                return [nearHits - before.nearHits, hits - before.hits, misses - before.misses];
              })
              .toEqual([lookups, 0, 0]);
          });
        }
      });
    }
  }
}
