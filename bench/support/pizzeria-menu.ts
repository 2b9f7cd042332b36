import { makeExecutableSchema } from "@graphql-tools/schema";
import type { GraphQLSchema } from "graphql";
import type { Redis } from "ioredis";

/** So many menus as large as that of the sales data, as a server has them whose clients don't all ask for the same. */
export const MENUS = 50;
export const ITEMS = 32;
export const ITEM_ID = "item-3-7";

export const menuQuery = (menu: number) => ({
  query: `query Menu($of: Int!) {
    menu(of: $of) { id name category ingredients available sizes { id size price } timesOrdered }
  }`,
  variables: { of: menu },
});
export const setPriceQuery = (price: number) => ({
  query: "mutation Set($id: ID!, $price: Int!) { setPrice(id: $id, price: $price) { id } }",
  variables: { id: ITEM_ID, price },
});

interface Item {
  readonly id: string;
}

/** Where its data comes from. */
export interface Origin {
  sizes(id: string): unknown;
  setPrice(id: string, price: number): unknown;
}

const menus = Array.from({ length: MENUS }, (_menu, menu) =>
  Array.from({ length: ITEMS }, (_item, index) => ({
    id: `item-${menu}-${index}`,
    name: `The ${index}th Deluxe Pizza`,
    category: "CLASSIC",
    ingredients: ["Pepperoni", "Mushrooms", "Red Onions", "Red Peppers", "Bacon"],
    available: true,
  })),
);
const items = menus.flat();

const sizesOf = (id: string, price: number) =>
  ["S", "M", "L"].map((size) => ({ id: `${id}-${size}`, size, price }));

/** Constants: nothing is looked up, and nothing changes. */
export function constantOrigin(): Origin {
  const sizes = new Map(items.map(({ id }) => [id, sizesOf(id, 1250)]));
  return { sizes: (id) => sizes.get(id), setPrice: () => undefined };
}

/** Prices that all processes share. */
export function sharedOrigin(redis: Redis): Origin {
  return {
    sizes: async (id) => sizesOf(id, Number((await redis.hget("origin:prices", id)) ?? 1250)),
    setPrice: (id, price) => redis.hset("origin:prices", id, price),
  };
}

export function menuSchema(directivesSdl: string, origin: Origin): GraphQLSchema {
  return makeExecutableSchema({
    typeDefs: [
      directivesSdl,
      `type Query { menu(of: Int!): [MenuItem!]! @cached(ttl: 300, tags: ["menu"], staleIfError: 3600) }
      type MenuItem {
        id: ID!
        name: String!
        category: String!
        ingredients: [String!]!
        available: Boolean!
        sizes: [MenuItemSize!]! @cached(ttl: 300, tags: ["menu-item:{parent.id}"])
        timesOrdered: Int! @cached(ttl: 300, staleWhileRevalidate: 600)
      }
      type MenuItemSize { id: ID!  size: String!  price: Int! }
      type Mutation {
        setPrice(id: ID!, price: Int!): MenuItem! @evictTags(tags: ["menu", "menu-item:{args.id}"])
      }`,
    ],
    resolvers: {
      Query: { menu: (_source: unknown, { of }: { of: number }) => menus[of] },
      MenuItem: {
        sizes: ({ id }: Item) => origin.sizes(id),
        timesOrdered: () => 2453,
      },
      Mutation: {
        setPrice: async (_source: unknown, { id, price }: { id: string; price: number }) => {
          await origin.setPrice(id, price);
          return items.find((item) => item.id === id);
        },
      },
    },
  });
}
