import { makeExecutableSchema } from "@graphql-tools/schema";
import {
  GraphQLScalarType,
  type GraphQLSchema,
  graphql,
  type IntrospectionQuery,
  introspectionFromSchema,
  type ValueNode,
} from "graphql";
import { describe, expect, test } from "vitest";
import { mapFields } from "../../src/directives/map-fields.js";
import { createCachedSchema } from "./support/cached-schema.js";

/** Two decimals outside, any number inside. */
const Money = new GraphQLScalarType<number, string>({
  name: "Money",
  serialize: (value) => Number(value).toFixed(2),
  parseValue: (value) => Number(value),
  parseLiteral: (node: ValueNode) => Number("value" in node ? node.value : 0),
});

const LARGE = { cm: 40 };

const typeDefs = `
  scalar Money
  enum Size { LARGE }
  input Order { price: Money = "0.005" size: Size = LARGE }
  interface Shop { show(price: Money = "0.005"): String }
  type Query implements Shop {
    show(price: Money = "0.005", sizes: [Size] = [LARGE], order: Order, none: Int): String
  }
`;

const resolvers = {
  Money,
  Size: { LARGE },
  Query: {
    show: (_source: unknown, args: { sizes: unknown[] }) =>
      JSON.stringify([args, args.sizes[0] === LARGE]),
  },
};

async function shown(schema: GraphQLSchema): Promise<unknown> {
  const { data, errors } = await graphql({ schema, source: "{ show(order: {}) }" });
  expect(errors).toBeUndefined();
  return JSON.parse(String(data?.show));
}

describe("a schema with mapped fields", () => {
  const plain = makeExecutableSchema({ typeDefs, resolvers });

  test("keeps the defaults of arguments and input fields as they are", async () => {
    const before = await shown(plain);
    const mapped = mapFields(plain, { field: (config) => ({ ...config }) });

    expect(await shown(mapped)).toEqual(before);
    expect(before).toEqual([
      { price: 0.005, sizes: [LARGE], order: { price: 0.005, size: LARGE } },
      true,
    ]);
    expect(await shown(plain)).toEqual(before);
    expect(introspectedArgs(mapped)).toEqual(introspectedArgs(plain));
  });

  test("keeps them under the directives, of fields that are not cached as well", async () => {
    const { schema } = createCachedSchema({ typeDefs, resolvers: () => resolvers });

    expect(await shown(schema)).toEqual(await shown(plain));
  });
});

function introspectedArgs(schema: GraphQLSchema): IntrospectionQuery["__schema"]["types"] {
  return introspectionFromSchema(schema).__schema.types;
}
