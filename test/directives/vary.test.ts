import { describe, expect, test } from "vitest";
import { createCachedSchema, type SchemaParts, type TestContext } from "./support/cached-schema.js";

/** Items that are another for each tenant and language, though they have one id. */
const items: SchemaParts = {
  typeDefs: `
    type Query {
      item: Item @cached(ttl: 60, vary: ["tenant"])
      plain: Item
    }
    type Item {
      id: ID!
      label: String @cached(ttl: 60)
      twin: Item @cached(ttl: 60)
      translated: Item @cached(ttl: 60, vary: ["locale"])
      wrapped: Wrapped
    }
    type Wrapped { item: Item }
  `,
  resolvers: (count) => ({
    Query: {
      item: (_source, _args, { tenant }: TestContext) => ({ id: "1", made: `for ${tenant}` }),
      plain: () => ({ id: "1", made: "for all" }),
    },
    Item: {
      label: ({ made }: { made: string }) => {
        count("label");
        return made;
      },
      twin: (item: object) => ({ ...item }),
      translated: ({ id, made }: { id: string; made: string }, _args, { locale }: TestContext) => ({
        id,
        made: `${made} in ${locale}`,
      }),
      wrapped: (item: object) => ({ item }),
    },
    Wrapped: { item: ({ item }: { item: object }) => item },
  }),
  options: {
    vary: {
      tenant: ({ tenant }) => tenant,
      locale: ({ locale }) => locale,
    },
  },
};

describe("a field below one with vary", () => {
  test.each([
    ["at once", "{ item { label } }", "for a", "for b"],
    ["through other fields", "{ item { wrapped { item { label } } } }", "for a", "for b"],
    ["through a cached one without", "{ item { twin { label } } }", "for a", "for b"],
    [
      "through one that varies by more",
      "{ item { translated { twin { label } } } }",
      "for a in de",
      "for b in de",
    ],
  ])("%s is answered for what its parent was made for", async (_how, query, ofA, ofB) => {
    const { run } = createCachedSchema(items);
    for (const [tenant, label] of [
      ["a", ofA],
      ["b", ofB],
      ["a", ofA],
    ]) {
      const { data } = await run(query, { tenant, locale: "de" });
      expect(JSON.stringify(data)).toContain(`"label":"${label}"`);
    }
    const { data } = await run("{ plain { label } }", { tenant: "a" });
    expect(data).toEqual({ plain: { label: "for all" } });
  });

  test("has one entry for each of what the fields above it vary by", async () => {
    const { run, asked } = createCachedSchema(items);
    const ask = (tenant: string, locale: string) =>
      run("{ item { translated { label } } }", { tenant, locale });
    for (const [tenant, locale] of [
      ["a", "de"],
      ["a", "en"],
      ["b", "de"],
      ["a", "de"],
      ["b", "de"],
    ] as const) {
      const { data } = await ask(tenant, locale);
      expect(data).toEqual({ item: { translated: { label: `for ${tenant} in ${locale}` } } });
    }
    expect(asked("label")).toBe(3);
  });

  test("is not cached where what its parent was made for cannot be told", async () => {
    const { run, asked } = createCachedSchema({
      ...items,
      options: {
        vary: { locale: () => "de", tenant: () => () => "no text" },
      },
    });
    for (const tenant of ["a", "b"]) {
      const { data } = await run("{ item { label } }", { tenant });
      expect(data).toEqual({ item: { label: `for ${tenant}` } });
    }
    expect(asked("label")).toBe(2);
  });

  test("is answered for what its parent was made for, though that field reads the selection and is not cached", async () => {
    const { run } = createCachedSchema({
      ...items,
      resolvers: (count) => ({
        ...items.resolvers(count),
        Query: {
          item: (_source, _args, { tenant }: TestContext, { fieldNodes }) => ({
            id: "1",
            made: `for ${tenant}, ${fieldNodes[0]?.selectionSet?.selections.length} field`,
          }),
        },
      }),
    });
    for (const tenant of ["a", "a", "b", "c"]) {
      const { data } = await run("{ item { label } }", { tenant });
      expect(data).toEqual({ item: { label: `for ${tenant}, 1 field` } });
    }
  });
});
