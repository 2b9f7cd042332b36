import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createGate } from "../support/gate.js";
import {
  byViewer,
  createCachedSchema,
  createTestCache,
  type SchemaParts,
  type TestContext,
} from "./support/cached-schema.js";

/**
 * What caches of GraphQL get wrong, each seen in a published library or reported to one. A test that shows how this
 * one does it names the number; those without a test elsewhere are below.
 */
const PITFALLS: Readonly<Record<number, string>> = {
  1: "A key without the selection answers resolvers that read it with another's fields.",
  2: "Fragments crash the key builder, or their names are taken for identities.",
  3: "An error of the key builder or a template answers the field with null.",
  4: "Keys join raw values, or don't tell null from absent and defaults from given arguments.",
  5: "A nested field's key lacks its parent, or is the whole parent object.",
  6: "A missing identity shares private data, and a hit skips the resolver's authorisation.",
  7: "An eviction by tag leaves other users' private copies.",
  8: "Values lose what JSON doesn't have.",
  9: "After storing, abstract types no longer resolve; hints on an interface don't hold for its types.",
  10: "A null in a list makes a tag template fail a write that was done.",
  11: "An empty list has no ids, and so no tags.",
  12: "A tag for each entity doesn't evict the lists that a new one should join.",
  13: "Errors and values that fail their coercion are cached; a failed refresh destroys a good entry.",
  14: "null, false, 0 and an empty text count as a miss.",
  15: "A reader after the eviction is given a flight from before it.",
  16: "Tag indexes outlive, or don't outlive, their entries.",
  17: "KEYS, FLUSHALL and pipelines without bound.",
  18: "Commands over several keys fail on a cluster.",
  19: "Operations hang, or fail, while Redis is down.",
  20: "The cache is asked item by item, or tears the DataLoader's batch apart.",
  21: "A DataLoader that was primed before a mutation answers stale after it.",
  22: "Mutations, their payloads and subscriptions are answered from the cache.",
  23: "The second mutation of an operation doesn't see the first one's evictions.",
  24: "Stale-while-revalidate without a single flight, and on a dead request's context.",
  25: "Entries of one ttl expire together.",
  26: "HTTP caches keep what is private, failed, or evicted since.",
  27: "Several requests share one object.",
  28: "Interface fields, extensions, default resolvers and code-first schemas are left out.",
  29: "A new version of the schema reads values of another shape.",
  30: "Everything is cached unless told otherwise, and for ever.",
  31: "The wrapper changes info, this, sync returns or thrown types.",
};

/** Posts by author, in an origin that a test writes to. */
function blog(posts: Array<{ id: string; author: string } | null>): SchemaParts {
  return {
    typeDefs: `
      type Query {
        posts(author: ID!): [Post] @cached(ttl: 60, tags: ["posts:author:{args.author}", "post:{result.id}"])
        draft(id: ID!): Post @cached(ttl: 60, scope: PRIVATE, tags: ["post:{args.id}"])
        never: Int
      }
      type Post { id: ID!  author: ID  by: String }
      type Mutation {
        add(author: ID!): [Post] @evictTags(tags: ["posts:author:{args.author}", "post:{result.id}"])
      }
    `,
    resolvers: (count) => {
      const of = (author: string) => posts.filter((post) => !post || post.author === author);
      return {
        Query: {
          posts: (_source: never, { author }: { author: string }) => {
            count("posts");
            return of(author);
          },
          draft: (_source: never, { id }: { id: string }, { viewer }: TestContext) => {
            count("draft");
            return { id, by: viewer };
          },
          never: () => {
            count("never");
            return 1;
          },
        },
        Mutation: {
          add: (_source: never, { author }: { author: string }) => {
            posts.push(null, { id: `${posts.length}`, author });
            return of(author);
          },
        },
      };
    },
    options: byViewer,
  };
}

describe("a tag", () => {
  test("reaches all viewers' private copies (pitfall 7)", async () => {
    const { run, cache, asked } = createCachedSchema(blog([]));
    const ask = async () => {
      for (const viewer of ["ada", "bob"]) await run("{ draft(id: 1) { by } }", { viewer });
    };
    await ask();
    await ask();
    expect(asked("draft")).toBe(2);

    await cache.evictTags(["post:1"]);
    await ask();

    expect(asked("draft")).toBe(4);
  });

  test("of a list with nulls neither fails the write nor leaves out the others (pitfall 10)", async () => {
    const { run, asked, problems } = createCachedSchema(blog([{ id: "0", author: "a" }]));
    await run('{ posts(author: "a") { id } }');

    const { data, errors } = await run('mutation { add(author: "a") { id } }');

    expect(data).toEqual({ add: [{ id: "0" }, null, { id: "1" }] });
    expect([errors, problems]).toEqual([undefined, []]);
    await run('{ posts(author: "a") { id } }');
    expect(asked("posts")).toBe(2);
  });

  test("named by arguments evicts an empty list, and those a new member joins (pitfalls 11 and 12)", async () => {
    const { run, asked } = createCachedSchema(blog([{ id: "0", author: "b" }]));
    const ask = async (author: string) =>
      (await run(`{ posts(author: "${author}") { id } }`)).data?.posts;
    expect([await ask("a"), await ask("a"), await ask("b")]).toEqual([[], [], [{ id: "0" }]]);
    expect(asked("posts")).toBe(2);

    await run('mutation { add(author: "a") { id } }');

    expect(await ask("a")).toEqual([null, { id: "1" }]);
    await ask("b");
    expect(asked("posts")).toBe(3);
  });
});

test("a query that begins after a mutation is not given what one before it has under way (pitfall 15)", async () => {
  const origin = { price: 1 };
  const gate = createGate();
  const { run } = createCachedSchema({
    typeDefs: `
      type Query { price: Int @cached(ttl: 60, tags: ["price"]) }
      type Mutation { setPrice(price: Int!): Int @evictTags(tags: ["price"]) }
    `,
    resolvers: () => ({
      Query: {
        price: async (_source: never, _args: never, { waits }: TestContext) => {
          const { price } = origin;
          if (waits) await gate.pass();
          return price;
        },
      },
      Mutation: {
        setPrice: (_source: never, { price }: { price: number }) => (origin.price = price),
      },
    }),
  });
  const before = run("{ price }", { waits: true });
  await gate.arrived;
  await run("mutation { setPrice(price: 2) }");

  expect((await run("{ price }")).data).toEqual({ price: 2 });
  gate.open();

  expect((await before).data).toEqual({ price: 1 });
  expect((await run("{ price }")).data).toEqual({ price: 2 });
});

test("a new version of the schema reads nothing of another shape, and keeps what did not change (pitfall 29)", async () => {
  const cache = createTestCache();
  const version = (price: string): SchemaParts => ({
    typeDefs: `
      type Query { item: Item @cached(ttl: 60)  name: String @cached(ttl: 60) }
      type Item { price: ${price} }
    `,
    resolvers: (count) => ({
      Query: {
        item: () => ({ price: price === "Int" ? 5 : "5 EUR" }),
        name: () => {
          count("name");
          return "Ada";
        },
      },
    }),
  });
  const [older, newer] = ["Int", "String!"].map((price) =>
    createCachedSchema({ ...version(price), cache }),
  );
  const query = "{ item { price } name }";

  expect((await older?.run(query))?.data).toEqual({ item: { price: 5 }, name: "Ada" });
  expect((await newer?.run(query))?.data).toEqual({ item: { price: "5 EUR" }, name: "Ada" });
  expect((await older?.run(query))?.data).toEqual({ item: { price: 5 }, name: "Ada" });

  expect([older?.asked("name"), newer?.asked("name")]).toEqual([1, 0]);
});

test("a field without @cached is never cached (pitfall 30)", async () => {
  const { run, asked } = createCachedSchema(blog([]));
  await run("{ never posts(author: 1) { id } }");
  await run("{ never posts(author: 1) { id } }");
  expect([asked("never"), asked("posts")]).toEqual([2, 1]);
});

test("each pitfall is named by the test that shows it", () => {
  const folder = new URL("../", import.meta.url).pathname;
  const named = new Set<number>();
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(join(folder, file), "utf8");
    for (const [, numbers = ""] of text.matchAll(/pitfalls? ((?:\d+|, | and )+)\)/g)) {
      for (const number of numbers.matchAll(/\d+/g)) named.add(Number(number[0]));
    }
  }
  const missing = Object.keys(PITFALLS).filter((number) => !named.has(Number(number)));
  expect(missing.map((number) => `${number}: ${PITFALLS[Number(number)]}`)).toEqual([]);
});
