import SchemaBuilder from "@pothos/core";
import type { GraphQLSchema } from "graphql";
import type { CacheDirectives } from "../../../src/directives/cache-directives.js";
import { createActions, type Item, type Shop, type ShopContext } from "./shop.js";

/** The same shop as a code-first schema, its directives in `extensions`. */
export function codeFirst(shop: Shop, directives: CacheDirectives): GraphQLSchema {
  const actions = createActions(shop);
  const builder = new SchemaBuilder<{ Context: ShopContext }>({});
  const cached = (tags: readonly string[] = [], more: object = {}) => ({
    extensions: { cached: { ttl: 60, tags, ...more } },
  });
  const evicting = (...tags: string[]) => ({ extensions: { evictTags: { tags } } });

  const Node = builder.interfaceRef<Item>("Node").implement({
    fields: (t) => ({
      id: t.exposeID("id", { nullable: false }),
      label: t.string({
        nullable: false,
        resolve: actions.label,
        ...cached(["item:{parent.id}"]),
      }),
    }),
  });
  const Size = builder.objectRef<{ id: string; name: string }>("Size").implement({
    fields: (t) => ({
      id: t.exposeID("id", { nullable: false }),
      name: t.exposeString("name", { nullable: false }),
    }),
  });
  const ItemType = builder.objectRef<Item>("Item").implement({
    interfaces: [Node],
    fields: (t) => ({
      price: t.int({
        nullable: false,
        resolve: (item, _args, context) => actions.price(item, context),
        ...cached(["item:{parent.id}"]),
      }),
      sizes: t.field({
        type: [Size],
        nullable: false,
        resolve: (item, _args, context) => actions.sizes(item, context),
        ...cached(),
      }),
    }),
  });
  builder.objectRef<Item>("Branch").implement({ interfaces: [Node] });
  const Picked = builder.objectRef<{ names: string }>("Picked").implement({
    fields: (t) => ({
      names: t.exposeString("names"),
      one: t.int({ resolve: () => null }),
      two: t.int({ resolve: () => null }),
    }),
  });

  builder.queryType({
    fields: (t) => ({
      menu: t.field({
        type: [ItemType],
        nullable: { list: false, items: true },
        resolve: actions.menu,
        ...cached(["menu"]),
      }),
      item: t.field({
        type: ItemType,
        args: { id: t.arg.id({ required: true }) },
        resolve: (_source, { id }) => actions.item(String(id)),
        ...cached(["item:{args.id}"]),
      }),
      nodes: t.field({ type: [Node], nullable: false, resolve: actions.nodes }),
      favourites: t.stringList({
        resolve: (_source, _args, context) => actions.favourites(context),
        ...cached(["favourites:{viewer}"], { scope: "PRIVATE" }),
      }),
      broken: t.int({ resolve: actions.broken, ...cached() }),
      nothing: t.int({ resolve: actions.nothing, ...cached() }),
      picked: t.field({
        type: Picked,
        resolve: (_source, _args, _context, info) => ({ names: actions.picked(info) }),
        ...cached([], { bySelection: true }),
      }),
    }),
  });
  builder.queryField("hours", (t) => t.string({ resolve: actions.hours, ...cached(["hours"]) }));

  builder.mutationType({
    fields: (t) => ({
      setPrice: t.field({
        type: ItemType,
        args: { id: t.arg.id({ required: true }), price: t.arg.int({ required: true }) },
        resolve: (_source, { id, price }, context) => actions.setPrice(String(id), price, context),
        ...evicting("menu", "item:{args.id}"),
      }),
      raise: t.field({
        type: [ItemType],
        nullable: { list: true, items: true },
        args: { ids: t.arg.idList({ required: true }) },
        resolve: (_source, { ids }) => actions.raise(ids.map(String)),
        ...evicting("item:{result.id}"),
      }),
      setPriceAndFail: t.field({
        type: ItemType,
        args: { id: t.arg.id({ required: true }), price: t.arg.int({ required: true }) },
        resolve: (_source, { id, price }) => actions.setPriceAndFail(String(id), price),
        ...evicting("item:{args.id}", "item:{result.id}"),
      }),
    }),
  });
  return directives.apply(builder.toSchema());
}
