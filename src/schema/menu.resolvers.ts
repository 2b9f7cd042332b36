import { listMenu, setAvailability, setPrice } from "../origin/menu.js";
import { loadExisting } from "./load-existing.js";
import type { Resolvers } from "./resolvers.generated.js";

export const menuResolvers: Resolvers = {
  Query: {
    menu: (_parent, { category }, { database }) => listMenu(database, category ?? undefined),
    menuItem: (_parent, { id }, { loaders }) => loaders.itemById.load(id),
  },
  MenuItem: {
    sizes: (item, _args, { loaders }) => loaders.sizesByItemId.load(item.id),
  },
  MenuItemSize: {
    price: (size) => size.priceCents,
    item: (size, _args, { loaders }) => loadExisting(loaders.itemById, "menu item", size.itemId),
  },
  Mutation: {
    setPrice: (_parent, { sizeId, price }, { database }) => setPrice(database, sizeId, price),
    setAvailability: (_parent, { itemId, available }, { database }) =>
      setAvailability(database, itemId, available),
  },
};
