import { pageSize } from "./guards.js";
import { loadExisting } from "./load-existing.js";
import type { Resolvers } from "./resolvers.generated.js";

export const popularityResolvers: Resolvers = {
  Query: {
    popularItems: async (_parent, { first }, { services, loaders }) => {
      const popular = await services.popularity.top(pageSize(first, 10));
      // The ranking may still name what has just left the menu.
      const items = await loaders.itemById.loadMany(popular.map(({ itemId }) => itemId));
      return popular.filter((_one, i) => items[i] !== null);
    },
  },
  PopularItem: {
    item: (popular, _args, { loaders }) =>
      loadExisting(loaders.itemById, "menu item", popular.itemId),
  },
  MenuItem: {
    timesOrdered: (item, _args, { loaders }) => loaders.timesOrderedByItemId.load(item.id),
  },
};
