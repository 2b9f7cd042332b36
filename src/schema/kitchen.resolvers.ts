import { pageSize, requireStaff } from "./guards.js";
import { loadExisting } from "./load-existing.js";
import type { Resolvers } from "./resolvers.generated.js";

export const kitchenResolvers: Resolvers = {
  Query: {
    kitchenQueue: async (_parent, { first }, context) => {
      await requireStaff(context);
      return context.services.kitchen.waiting(pageSize(first, 20));
    },
  },
  KitchenTicket: {
    order: (ticket, _args, { loaders }) => loadExisting(loaders.orderById, "order", ticket.orderId),
  },
  Mutation: {
    claimNextTicket: async (_parent, { station }, context) => {
      await requireStaff(context);
      return context.services.kitchen.claimNext(station);
    },
    setPriority: async (_parent, { orderId, priority }, context) => {
      await requireStaff(context);
      return context.services.kitchen.setPriority(orderId, priority);
    },
    completeTicket: async (_parent, { orderId }, context) => {
      await requireStaff(context);
      return context.services.kitchen.complete(orderId);
    },
  },
};
