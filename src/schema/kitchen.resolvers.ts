import type { Context } from "../context.js";
import type { KitchenTicketRow } from "../origin/rows.js";
import { pageSize, requireStaff } from "./guards.js";
import { loadExisting } from "./load-existing.js";
import type { Resolvers } from "./resolvers.generated.js";
import { whileStaff } from "./while-staff.js";

export const kitchenResolvers: Resolvers = {
  Query: {
    kitchenQueue: async (_parent, { first }, context) => {
      await requireStaff(context);
      return context.services.kitchen.waiting(pageSize(first, 20));
    },
  },
  Subscription: {
    kitchenTickets: {
      subscribe: async (_parent, _args, context) => {
        await requireStaff(context);
        return whileStaff(context, await context.services.kitchenEvents.tickets());
      },
      resolve: (ticket: KitchenTicketRow, _args: unknown, { loaders }: Context) => {
        // What they remember is of the event before.
        loaders.clearAll();
        return ticket;
      },
    },
  },
  KitchenTicket: {
    // As it was when the ticket was so: before an event is told of, the order may have gone on.
    order: async ({ orderId, status }, _args, { loaders }) => {
      const order = await loadExisting(loaders.orderById, "order", orderId);
      return order.status === status ? order : { ...order, status, readyAt: null };
    },
  },
  Mutation: {
    claimNextTicket: (_parent, { station }, { services }) => services.kitchen.claimNext(station),
    setPriority: async (_parent, { orderId, priority }, context) => {
      await requireStaff(context);
      return context.services.kitchen.setPriority(orderId, priority);
    },
    completeTicket: (_parent, { orderId }, { services }) => services.kitchen.complete(orderId),
  },
};
