import type { Context } from "../context.js";
import type { CustomerRow } from "../origin/rows.js";
import { pageSize, requireStaff } from "./guards.js";
import type { Resolvers } from "./resolvers.generated.js";

export const segmentResolvers: Resolvers = {
  Query: {
    segment: async (_parent, { name }, context) => {
      await requireStaff(context);
      return (await context.services.segments.exists(name)) ? { name } : null;
    },
    segmentOverlap: async (_parent, { names, first, after }, context) => {
      await requireStaff(context);
      const page = { first: pageSize(first, 100), after };
      return customers(context, await context.services.segments.overlap(names, page));
    },
    campaign: async (_parent, { id }, context) => {
      await requireStaff(context);
      return (await context.services.segments.campaign(id)) ?? null;
    },
  },
  Segment: {
    customers: async ({ name }, { first, after }, context) => {
      const page = { first: pageSize(first, 100), after };
      return customers(context, await context.services.segments.customers(name, page));
    },
    size: ({ name }, _args, { services }) => services.segments.size(name),
  },
  Campaign: {
    customers: async ({ id }, { first, after }, context) => {
      const page = { first: pageSize(first, 100), after };
      return customers(context, await context.services.segments.campaignCustomers(id, page));
    },
  },
  Mutation: {
    addToSegment: async (_parent, { customerId, segment }, context) => {
      await requireStaff(context);
      await context.services.segments.add(segment, customerId);
      return { name: segment };
    },
    createCampaign: async (_parent, { id, segments }, context) => {
      await requireStaff(context);
      return context.services.segments.createCampaign(id, segments);
    },
  },
};

/** Whose account is gone meanwhile is left out. */
async function customers({ loaders }: Context, ids: readonly string[]): Promise<CustomerRow[]> {
  const rows = await Promise.all(ids.map((id) => loaders.customerById.load(id)));
  return rows.filter((row) => row !== null);
}
