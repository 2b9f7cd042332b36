import type { Resolvers } from "./resolvers.generated.js";

export const customerResolvers: Resolvers = {
  Query: {
    me: async (_parent, _args, { caller, loaders }) => {
      const session = await caller.session();
      return session && loaders.customerById.load(session.customerId);
    },
  },
};
