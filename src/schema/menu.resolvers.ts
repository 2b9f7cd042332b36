import { listMenu, setAvailability, setPrice } from "../origin/menu.js";
import { requireStaff } from "./guards.js";
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
    setPrice: async (_parent, { sizeId, price }, context) => {
      await requireStaff(context);
      return setPrice(context.database, sizeId, price);
    },
    setAvailability: async (_parent, { itemId, available }, context) => {
      await requireStaff(context);
      return setAvailability(context.database, itemId, available);
    },
  },
};
