import { makeExecutableSchema } from "@graphql-tools/schema";
import DataLoader from "dataloader";
import type { GraphQLResolveInfo, GraphQLSchema } from "graphql";
import type { CacheDirectives } from "../../../src/directives/cache-directives.js";

/** What each request of the suite carries, made anew for each by the server under test. */
export interface ShopContext {
  readonly viewer: string | undefined;
  readonly loaders: {
    readonly prices: DataLoader<string, number>;
    readonly sizes: DataLoader<string, Size[]>;
  };
}

export interface Item {
  readonly id: string;
  /** How values are told apart that come as an interface. */
  readonly __typename?: "Item" | "Branch";
}

interface Size {
  readonly id: string;
  readonly name: string;
}

/** The origin of the suite, which counts what it is asked. */
export interface Shop {
  readonly ids: string[];
  readonly prices: Map<string, number>;
  /** How many keys each batch of a loader had. */
  readonly batches: { prices: number[]; sizes: number[] };
  asked(name: string): number;
  count(name: string): void;
  context(viewer: string | undefined): ShopContext;
  /** Three items at 10, and nothing asked yet. */
  reset(): void;
}

export function createShop(): Shop {
  const counts = new Map<string, number>();
  const shop: Shop = {
    ids: [],
    prices: new Map(),
    batches: { prices: [], sizes: [] },
    asked: (name) => counts.get(name) ?? 0,
    count: (name) => counts.set(name, shop.asked(name) + 1),
    context: (viewer) => ({
      viewer,
      loaders: {
        prices: new DataLoader(async (ids) => {
          shop.batches.prices.push(ids.length);
          return ids.map((id) => shop.prices.get(id) ?? new Error(`no item ${id}`));
        }),
        sizes: new DataLoader(async (ids) => {
          shop.batches.sizes.push(ids.length);
          return ids.map((id) => ["s", "m"].map((name) => ({ id: `${id}-${name}`, name })));
        }),
      },
    }),
    reset: () => {
      counts.clear();
      shop.batches.prices.length = 0;
      shop.batches.sizes.length = 0;
      shop.ids.splice(0, Number.POSITIVE_INFINITY, "a", "b", "c");
      shop.prices.clear();
      for (const id of shop.ids) shop.prices.set(id, 10);
    },
  };
  shop.reset();
  return shop;
}

/** The resolvers' work, the same for both kinds of schema. */
export function createActions(shop: Shop) {
  return {
    menu: (): Item[] => {
      shop.count("menu");
      return shop.ids.map((id) => ({ id }));
    },
    item: (id: string): Item | null => {
      shop.count("item");
      return shop.prices.has(id) ? { id } : null;
    },
    nodes: (): Item[] => [
      { id: "a", __typename: "Item" },
      { id: "east", __typename: "Branch" },
    ],
    favourites: ({ viewer }: ShopContext): string[] => {
      shop.count("favourites");
      return [`${viewer ?? "nobody"}'s`];
    },
    broken: (): number => {
      shop.count("broken");
      throw new Error("out of dough");
    },
    nothing: (): null => {
      shop.count("nothing");
      return null;
    },
    hours: (): string => {
      shop.count("hours");
      return "9 to 5";
    },
    picked: (info: GraphQLResolveInfo): string => {
      shop.count("picked");
      return selectedNames(info).join(" ");
    },
    price: ({ id }: Item, { loaders }: ShopContext) => loaders.prices.load(id),
    sizes: ({ id }: Item, { loaders }: ShopContext) => loaders.sizes.load(id),
    label: ({ id }: Item): string => {
      shop.count("label");
      return `the ${id}`;
    },
    /** Its loader remembers the old price, as one does that was asked whether the change is allowed. */
    setPrice: async (id: string, price: number, { loaders }: ShopContext): Promise<Item> => {
      await loaders.prices.load(id);
      shop.prices.set(id, price);
      return { id };
    },
    raise: async (ids: readonly string[]): Promise<(Item | null)[]> =>
      ids.map((id) => {
        const price = shop.prices.get(id);
        if (price === undefined) return null;
        shop.prices.set(id, price + 1);
        return { id };
      }),
    setPriceAndFail: (id: string, price: number): Item => {
      shop.prices.set(id, price);
      throw new Error("out of dough");
    },
  };
}

/** The names below a field, with @include and @skip decided by its variables, as a resolver may read them. */
function selectedNames({ fieldNodes, variableValues }: GraphQLResolveInfo): string[] {
  return fieldNodes
    .flatMap((node) => node.selectionSet?.selections ?? [])
    .filter(({ directives = [] }) =>
      directives.every((directive) => {
        const value = directive.arguments?.[0]?.value;
        const isTrue =
          value?.kind === "Variable"
            ? variableValues[value.name.value] === true
            : value?.kind === "BooleanValue" && value.value;
        return directive.name.value === "include" ? isTrue : !isTrue;
      }),
    )
    .map((node) => (node.kind === "Field" ? node.name.value : "..."))
    .sort();
}

const typeDefs = `
  type Query {
    menu: [Item]! @cached(ttl: 60, tags: ["menu"])
    item(id: ID!): Item @cached(ttl: 60, tags: ["item:{args.id}"])
    nodes: [Node!]!
    favourites: [String!] @cached(ttl: 60, scope: PRIVATE, tags: ["favourites:{viewer}"])
    broken: Int @cached(ttl: 60)
    nothing: Int @cached(ttl: 60)
    picked: Picked @cached(ttl: 60, bySelection: true)
  }
  extend type Query { hours: String @cached(ttl: 60, tags: ["hours"]) }
  interface Node { id: ID!  label: String! @cached(ttl: 60, tags: ["item:{parent.id}"]) }
  type Item implements Node { id: ID!  label: String!  sizes: [Size!]! @cached(ttl: 60) }
  extend type Item { price: Int! @cached(ttl: 60, tags: ["item:{parent.id}"]) }
  type Branch implements Node { id: ID!  label: String! }
  type Size { id: ID!  name: String! }
  type Picked { names: String  one: Int  two: Int }
  type Mutation {
    setPrice(id: ID!, price: Int!): Item @evictTags(tags: ["menu", "item:{args.id}"])
    raise(ids: [ID!]!): [Item] @evictTags(tags: ["item:{result.id}"])
    setPriceAndFail(id: ID!, price: Int!): Item @evictTags(tags: ["item:{args.id}", "item:{result.id}"])
  }
`;

/** The shop as SDL and resolvers, with the directives applied. */
export function sdlFirst(shop: Shop, directives: CacheDirectives): GraphQLSchema {
  const actions = createActions(shop);
  type Given = { id: string; price: number };
  return directives.apply(
    makeExecutableSchema<ShopContext>({
      typeDefs: [directives.typeDefs, typeDefs],
      resolvers: {
        Query: {
          menu: actions.menu,
          item: (_source, { id }: Given) => actions.item(id),
          nodes: actions.nodes,
          favourites: (_source, _args, context) => actions.favourites(context),
          broken: actions.broken,
          nothing: actions.nothing,
          hours: actions.hours,
          picked: (_source, _args, _context, info) => ({ names: actions.picked(info) }),
        },
        Item: {
          label: actions.label,
          price: (item: Item, _args, context) => actions.price(item, context),
          sizes: (item: Item, _args, context) => actions.sizes(item, context),
        },
        Branch: { label: actions.label },
        Mutation: {
          setPrice: (_source, { id, price }: Given, context) =>
            actions.setPrice(id, price, context),
          raise: (_source, { ids }: { ids: string[] }) => actions.raise(ids),
          setPriceAndFail: (_source, { id, price }: Given) => actions.setPriceAndFail(id, price),
        },
      },
    }),
  );
}
