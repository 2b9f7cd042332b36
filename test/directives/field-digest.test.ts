import {
  buildSchema,
  defaultFieldResolver,
  GraphQLEnumType,
  type GraphQLFieldResolver,
  GraphQLList,
  GraphQLObjectType,
  GraphQLSchema,
} from "graphql";
import { describe, expect, test } from "vitest";
import { fieldDigest } from "../../src/directives/field-digest.js";

const sdl = `
  type Query { item(id: ID): Item  other: Int }
  type Item { id: ID! size: Size maker: Maker made: Maker pet: Pet }
  type Maker { name: String item: Item }
  type Hidden { name: String }
  enum Size { S L }
  union Pet = Cat | Dog
  type Cat { lives: Int }
  type Dog { barks: Boolean }
`;

/** The digest of Query.item, with a resolver on `Item.made`. */
function digest(
  source = sdl,
  directive: object = { ttl: 60, version: 1 },
  resolve: GraphQLFieldResolver<unknown, unknown> = () => null,
): string {
  const schema: GraphQLSchema = buildSchema(source);
  const made = (schema.getType("Item") as ReturnType<GraphQLSchema["getQueryType"]>)?.getFields()
    .made;
  if (made) made.resolve = resolve;
  const field = schema.getQueryType()?.getFields().item;
  if (!field) throw new Error("Query.item must be there.");
  return fieldDigest(schema, field, directive);
}

const edited = (from: string, to: string): string => {
  expect(sdl).toContain(from);
  return sdl.replace(from, to);
};

describe("a field's digest", () => {
  test("is short, and the same for the same schema", () => {
    expect(digest()).toMatch(/^[\w-]{10}$/);
    expect(digest()).toBe(digest());
  });

  test.each([
    ["the directive's version", sdl, { ttl: 60, version: 2 }],
    ["the directive's ttl", sdl, { ttl: 61, version: 1 }],
  ])("changes with %s", (_what, source, directive) => {
    expect(digest(source, directive)).not.toBe(digest());
  });

  test.each([
    ["the return type", "item(id: ID): Item ", "item(id: ID): Item! "],
    ["a field of it", "size: Size", "size: Size!"],
    ["a field more", "size: Size", "size: Size more: Int"],
    ["a field below it", "type Maker { name: String", "type Maker { name: String!"],
    ["an enum below it", "S L", "S L XL"],
    ["a union below it", "Cat | Dog", "Cat"],
    ["a union's member", "lives: Int", "lives: Int!"],
  ])("changes with %s", (_what, from, to) => {
    expect(digest(edited(from, to))).not.toBe(digest());
  });

  test.each([
    ["as it is", defaultFieldResolver],
    ["bound, as graphql-tools leaves it", defaultFieldResolver.bind(undefined)],
  ])("changes with what GraphQL.js's own resolver reads, %s", (_, resolve) => {
    const changed = edited("made: Maker", "made: [Maker]");
    expect(digest(changed, undefined, resolve)).not.toBe(digest(sdl, undefined, resolve));
  });

  test("changes with an enum's internal values, which are what is stored", () => {
    const sized = (small: unknown): string => {
      const size = new GraphQLEnumType({ name: "Size", values: { S: { value: small }, L: {} } });
      const query = new GraphQLObjectType({
        name: "Query",
        fields: { size: { type: new GraphQLList(size) } },
      });
      const field = query.getFields().size;
      if (!field) throw new Error("Query.size must be there.");
      return fieldDigest(new GraphQLSchema({ query }), field, {});
    };

    const digests = [undefined, 1, 2, "s", "1", { size: 1 }, { size: 2 }, Symbol("s")].map(sized);

    expect(new Set(digests).size).toBe(digests.length);
    expect(sized("S")).toBe(digests[0]);
    expect(sized({ size: 1 })).toBe(sized({ size: 1 }));
  });

  test.each([
    ["another field", "other: Int", "other: String"],
    [
      "a type that the field doesn't reach",
      "type Hidden { name: String }",
      "type Hidden { name: Int }",
    ],
    ["what a resolver gives, which isn't stored", "made: Maker", "made: [Maker]"],
    ["the order of fields", "id: ID! size: Size", "size: Size id: ID!"],
  ])("does not change with %s", (_what, from, to) => {
    expect(digest(edited(from, to))).toBe(digest());
  });
});
