import type { Resolvers } from "./resolvers.generated.js";

export const hourlyOrdersResolvers: Resolvers = {
  Query: {
    hourlyOrders: (_parent, { date }, { services }) =>
      services.hourlyOrders.of(date ?? new Date().toISOString().slice(0, 10)),
  },
};
