import { describe, expect, test } from "vitest";
import { createCachedSchema, type SchemaParts } from "./support/cached-schema.js";

/** Items that a test holds in its hands, and fields that say which item they were loaded for. */
function shelf(item: () => unknown, options: SchemaParts["options"] = {}) {
  return createCachedSchema({
    typeDefs: `
      type Query {
        item: Item
        own: Shelf @cached(ttl: 60, scope: PRIVATE)
        local: Shelf @cached(ttl: 60, vary: ["locale"])
      }
      type Shelf { item: Item }
      type Item {
        id: ID!
        maker: Maker
        name: String @cached(ttl: 60, tags: ["item:{parent.id}"])
        sized(size: Int): String @cached(ttl: 60, tags: ["item:{parent.id}"])
        mine: String @cached(ttl: 60, scope: PRIVATE)
        local: String @cached(ttl: 60, vary: ["locale"])
        made: String @cached(ttl: 60, key: "{parent.maker.id}")
        weight: Int
        size: Size @cached(ttl: 60, bySelection: true)
        shipping: String @requires(fields: "weight") @cached(ttl: 60)
      }
      type Size { width: Int  height: Int }
      directive @requires(fields: String!) on FIELD_DEFINITION
      type Maker { id: ID! }
    `,
    resolvers: () => ({
      Query: { item, own: () => ({}), local: () => ({}) },
      Shelf: { item },
      Item: {
        name: ({ id }) => `name of ${id}`,
        sized: ({ id }, { size }) => `${id} in ${size}`,
        mine: ({ id }, _args, { viewer }) => `${id} of ${viewer}`,
        local: ({ id }, _args, { locale }) => `${id} in ${locale}`,
        made: ({ maker }) => `made by ${maker.id}`,
        size: (_item, _args, _context, { fieldNodes: [node] }) =>
          node?.selectionSet?.selections.length === 1 ? { width: 1 } : { width: 1, height: 2 },
        shipping: ({ weight }) => `for ${weight}`,
      },
    }),
    options: {
      viewer: ({ viewer }) => viewer,
      vary: { locale: ({ locale }) => locale },
      ...options,
    },
  });
}

const itemOf = async (asked: ReturnType<ReturnType<typeof shelf>["run"]>) => {
  const { data, errors } = await asked;
  expect(errors).toBeUndefined();
  return data?.item;
};

describe("the key of a field whose parent is the same object for every request", () => {
  test("changes with it where it can change", async () => {
    for (const item of [{ id: "a" }, Object.seal({ id: "a" })]) {
      const { run, problems } = shelf(() => item);
      expect(await itemOf(run("{ item { name } }"))).toEqual({ name: "name of a" });
      item.id = "b";
      expect(await itemOf(run("{ item { name } }"))).toEqual({ name: "name of b" });
      expect(problems).toEqual([]);
    }
  });

  test("changes with it where it cannot be written, but defined anew", async () => {
    const item = Object.defineProperty({}, "id", { value: "a", configurable: true });
    const { run } = shelf(() => item);
    expect(await itemOf(run("{ item { name } }"))).toEqual({ name: "name of a" });
    Object.defineProperty(item, "id", { value: "b" });
    expect(await itemOf(run("{ item { name } }"))).toEqual({ name: "name of b" });
  });

  test("changes with it where it is frozen, but computes what is read of it", async () => {
    let id = "a";
    const item = Object.freeze({
      get id() {
        return id;
      },
    });
    const { run } = shelf(() => item);
    expect(await itemOf(run("{ item { name } }"))).toEqual({ name: "name of a" });
    id = "b";
    expect(await itemOf(run("{ item { name } }"))).toEqual({ name: "name of b" });
  });

  test("changes with what lies below it", async () => {
    const item = Object.freeze({ id: "a", maker: { id: "ada" } });
    const { run } = shelf(() => item);
    expect(await itemOf(run("{ item { made } }"))).toEqual({ made: "made by ada" });
    item.maker.id = "ben";
    expect(await itemOf(run("{ item { made } }"))).toEqual({ made: "made by ben" });
  });

  test("changes with the selection where the resolver goes by it", async () => {
    const item = Object.freeze({ id: "a" });
    const { run } = shelf(() => item);
    const width = { width: 1 };
    expect(await itemOf(run("{ item { size { width } } }"))).toEqual({ size: width });
    expect(await itemOf(run("{ item { size { width height } } }"))).toEqual({
      size: { ...width, height: 2 },
    });
  });

  test("changes with what the field requires of it", async () => {
    const item = Object.defineProperty({ weight: 1 }, "id", { value: "a" });
    const { run } = shelf(() => item);
    expect(await itemOf(run("{ item { shipping } }"))).toEqual({ shipping: "for 1" });
    item.weight = 2;
    expect(await itemOf(run("{ item { shipping } }"))).toEqual({ shipping: "for 2" });
  });

  test("changes with the arguments, the viewer and the context", async () => {
    const item = Object.freeze({ id: "a" });
    const { run } = shelf(() => item);
    const query = "query Q($size: Int) { item { sized(size: $size) mine local } }";
    for (const [size, viewer, locale] of [
      [1, "ada", "de"],
      [2, "ben", "fr"],
    ] as const) {
      expect(await itemOf(run(query, { viewer, locale }, { size }))).toEqual({
        sized: `a in ${size}`,
        mine: `a of ${viewer}`,
        local: `a in ${locale}`,
      });
    }
  });

  test.each(["own", "local"])(
    "changes with what the field above it tells apart: %s",
    async (above) => {
      const item = Object.freeze({ id: "a" });
      const { run } = shelf(() => item);
      for (const [viewer, locale] of [
        ["ada", "de"],
        ["ben", "fr"],
      ] as const) {
        const { outcomes } = await run(`{ ${above} { item { name } } }`, { viewer, locale });
        expect(outcomes.map(({ coordinate, status }) => [coordinate, status])).toEqual([
          [`Query.${above}`, "miss"],
          ["Item.name", "miss"],
        ]);
      }
    },
  );

  test("changes with what resultPaths supply", async () => {
    const item = Object.freeze({ label: "x" });
    const { run, cache } = shelf(() => item, {
      resultPaths: { "Item.id": (_item: unknown, { extra }: { extra: string }) => extra },
    });
    await run("{ item { name } }", { extra: "a" });
    await run("{ item { name } }", { extra: "b" });
    expect(cache.stats()).toMatchObject({ misses: 2, hits: 0 });
  });

  test("and its tags are the same the second time, where it is frozen", async () => {
    const item = Object.freeze({ id: "a" });
    const { run, cache } = shelf(() => item);
    const tagsOf = async () => (await run("{ item { name } }")).outcomes.map(({ tags }) => tags);

    expect(await tagsOf()).toEqual([["item:a"]]);
    expect(await tagsOf()).toEqual([["item:a"]]);
    await cache.evictTags(["item:a"]);
    expect((await run("{ item { name } }")).outcomes).toMatchObject([{ status: "miss" }]);
  });
});
