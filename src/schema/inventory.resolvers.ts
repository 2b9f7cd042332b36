import { listIngredients, restock } from "../origin/inventory.js";
import { pageSize, requireStaff } from "./guards.js";
import type { Resolvers } from "./resolvers.generated.js";

export const inventoryResolvers: Resolvers = {
  Query: {
    inventory: async (_parent, { first, after }, context) => {
      await requireStaff(context);
      return listIngredients(context.database, { first: pageSize(first, 100), after });
    },
  },
  Mutation: {
    restock: async (_parent, { ingredient, quantity }, context) => {
      await requireStaff(context);
      return restock(context.database, ingredient, quantity);
    },
  },
};
