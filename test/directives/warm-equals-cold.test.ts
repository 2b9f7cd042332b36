import fc, { type Arbitrary } from "fast-check";
import type { GraphQLSchema } from "graphql";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createCache } from "../../src/cache/cache.js";
import type { Cache } from "../../src/cache/types.js";
import { expectWarmEqualsCold, type TestOperation } from "../../src/testing/index.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import { samples, type World, worlds } from "./every-kind/moments.js";
import { operationsOf } from "./every-kind/operations.js";
import { createWorld } from "./every-kind/world.js";

interface Step {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly viewer: string | undefined;
  readonly locale: string;
}

/** Queries and mutations over a world, in a random order. */
function stepsOf(schema: GraphQLSchema): Arbitrary<Step[]> {
  const asker = {
    viewer: fc.constantFrom("ada", "bob", "", undefined),
    locale: fc.constantFrom("de", "en"),
  };
  const step = (kind: "query" | "mutation") =>
    fc
      .tuple(operationsOf(schema, kind, samples), fc.record(asker))
      .map(([operation, who]) => ({ ...operation, ...who }));
  return fc.array(
    fc.oneof({ arbitrary: step("query"), weight: 3 }, { arbitrary: step("mutation"), weight: 1 }),
    { minLength: 1, maxLength: 6 },
  );
}

interface Tally {
  answers: number;
  hits: number;
  readonly fieldsHit: Set<string>;
}

async function compare(cache: Cache, tally: Tally, world: World, steps: Step[]): Promise<void> {
  const { schema, contextOf } = createWorld(world, cache);
  const operations = steps.map(
    ({ query, variables, viewer, locale }): TestOperation => ({
      query,
      variables,
      context: contextOf(viewer, locale),
    }),
  );
  const { answers, hits, fieldsHit } = await expectWarmEqualsCold(schema, operations, {
    cache,
  });
  tally.answers += answers;
  tally.hits += hits;
  for (const field of fieldsHit) tally.fieldsHit.add(field);
}

const anySchema = createWorld({}, createCache()).schema;

/** How many worlds one test makes; more of them for a longer search. */
const RUNS = Number(process.env.WARM_EQUALS_COLD_RUNS ?? 300);

describe("whatever is asked, of whatever kind of value, cold, warm and after mutations, the resolvers' answer comes", () => {
  let server: RedisServer;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = server.client();
  });
  afterAll(() => server.stop());

  test("from the store in this process", async () => {
    const tally = newTally();
    await check(RUNS, async (world, steps) => {
      const cache = createCache({ earlyRefresh: 0 });
      try {
        await compare(cache, tally, world, steps);
      } finally {
        await cache.close();
      }
    });
    expectMuch(tally, RUNS * 3);
  }, 600_000);

  test.each([
    ["Redis", {}],
    ["Redis and a near cache", { near: { maxAgeSeconds: 60 } }],
  ])(
    "from %s",
    async (_where, near) => {
      const cache = createCache({ redis, earlyRefresh: 0, commandTimeoutMs: 5_000, ...near });
      onTestFinished(() => cache.close());
      const tally = newTally();
      await check(RUNS / 5, async (world, steps) => {
        await cache.clear();
        await compare(cache, tally, world, steps);
      });
      expectMuch(tally, (RUNS / 5) * 3);
    },
    600_000,
  );
});

async function check(
  numRuns: number,
  holds: (world: World, steps: Step[]) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(worlds, stepsOf(anySchema), holds), {
    numRuns: Math.ceil(numRuns),
  });
}

/** Values that cannot be carried are among those of the worlds: of the others there must be enough. */
function expectMuch({ answers, hits, fieldsHit }: Tally, atLeast: number): void {
  expect(answers).toBeGreaterThan(atLeast);
  expect(hits).toBeGreaterThan(atLeast / 2);
  expect(fieldsHit.size).toBeGreaterThan(Math.min(12, atLeast / 30));
}

function newTally(): Tally {
  return { answers: 0, hits: 0, fieldsHit: new Set() };
}
