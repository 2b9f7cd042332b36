import { customerOrders } from "../origin/orders.js";
import { pageSize, requireSession, requireToken } from "./guards.js";
import { loadExisting } from "./load-existing.js";
import type { Resolvers } from "./resolvers.generated.js";

export const orderResolvers: Resolvers = {
  Query: {
    order: async (_parent, { id }, { caller, loaders }) => {
      const session = await caller.session();
      const order = session && (await loaders.orderById.load(id));
      if (!order) return null;
      return session.role === "staff" || order.customerId === session.customerId ? order : null;
    },
    orders: async (_parent, { first, after }, context) => {
      const { customerId } = await requireSession(context);
      return customerOrders(context.database, customerId, { first: pageSize(first, 20), after });
    },
  },
  Order: {
    customer: (order, _args, { loaders }) =>
      loadExisting(loaders.customerById, "customer", order.customerId),
    lines: (order, _args, { loaders }) => loaders.orderLinesByOrderId.load(order.id),
    total: (order) => order.totalCents,
  },
  OrderLine: {
    size: (line, _args, { loaders }) => loadExisting(loaders.sizeById, "size", line.sizeId),
    unitPrice: (line) => line.unitPriceCents,
  },
  OrderConnection: {
    pageInfo: ({ hasNextPage, endCursor }) => ({ hasNextPage, endCursor }),
  },
  OrderEdge: {
    node: (edge) => edge.order,
  },
  Mutation: {
    placeOrder: async (_parent, { idempotencyKey }, context) => {
      const token = await requireToken(context);
      return context.services.ordering.placeOrder(token, idempotencyKey);
    },
  },
};
