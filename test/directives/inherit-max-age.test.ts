import { makeExecutableSchema } from "@graphql-tools/schema";
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, print, printSchema } from "graphql";
import { expect, test } from "vitest";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { createTestCache } from "./support/cached-schema.js";

/** The hints on the fields of one type, after the directives were applied. */
function hintsOf(schema: GraphQLSchema, typeName: string): Record<string, string> {
  const applied = cacheDirectives(createTestCache()).apply(schema);
  const fields = Object.values((applied.getType(typeName) as GraphQLObjectType).getFields());
  return Object.fromEntries(
    fields.map(({ name, astNode }) => [
      name,
      (astNode?.directives ?? [])
        .filter((node) => node.name.value === "cacheControl")
        .map(print)
        .join(" "),
    ]),
  );
}

const inherit = "@cacheControl(inheritMaxAge: true)";

test("fields of composite types below a cached field inherit its hint, others and hinted ones don't", () => {
  const schema = makeExecutableSchema({
    typeDefs: [
      cacheDirectives(createTestCache()).typeDefs,
      `directive @cacheControl(maxAge: Int, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT
       type Query { item: Item @cached(ttl: 60)  other: Other }
       type Item { id: ID! tags: [String!] maker: Maker own: Maker @cacheControl(maxAge: 5) typed: Typed pet: Pet }
       type Maker { items: [Item!]! }
       type Typed @cacheControl(maxAge: 9) { maker: Maker }
       union Pet = Cat
       type Cat { owner: Maker }
       type Other { item: Item }`,
    ],
  });

  expect(hintsOf(schema, "Item")).toEqual({
    id: "",
    tags: "",
    maker: inherit,
    own: "@cacheControl(maxAge: 5)",
    typed: "",
    pet: inherit,
  });
  expect(hintsOf(schema, "Maker")).toEqual({ items: inherit });
  expect(hintsOf(schema, "Typed")).toEqual({ maker: inherit });
  expect(hintsOf(schema, "Cat")).toEqual({ owner: inherit });
  expect(hintsOf(schema, "Other")).toEqual({ item: "" });
  expect(hintsOf(schema, "Query")).toEqual({ item: "", other: "" });
});

test("fields of code-first types inherit as well", () => {
  const Maker = new GraphQLObjectType({ name: "Maker", fields: { age: { type: GraphQLInt } } });
  const Item = new GraphQLObjectType({ name: "Item", fields: { maker: { type: Maker } } });
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: "Query",
      fields: { item: { type: Item, extensions: { cached: { ttl: 60 } } } },
    }),
  });

  expect(hintsOf(schema, "Item")).toEqual({ maker: inherit });
  expect(printSchema(cacheDirectives(createTestCache()).apply(schema))).toBe(printSchema(schema));
});
