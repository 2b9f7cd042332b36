import { checkSizeId } from "../services/cart.js";
import { requireSession, requireToken } from "./guards.js";
import { loadExisting } from "./load-existing.js";
import type { Resolvers } from "./resolvers.generated.js";

export const sessionResolvers: Resolvers = {
  Query: {
    session: (_parent, _args, { caller }) => caller.session(),
  },
  Session: {
    customer: (session, _args, { loaders }) =>
      loadExisting(loaders.customerById, "customer", session.customerId),
    // What has left the menu for good is not shown: it can no longer be ordered.
    cart: async (session, _args, { loaders }) => {
      const sizes = await loaders.sizeById.loadMany(session.cart.map((line) => line.sizeId));
      return session.cart.filter((_line, i) => sizes[i] !== null);
    },
  },
  CartLine: {
    size: (line, _args, { loaders }) => loadExisting(loaders.sizeById, "size", line.sizeId),
  },
  Preferences: {
    favouriteItems: async ({ favouriteItems }, _args, { loaders }) => {
      const items = await Promise.all(favouriteItems.map((id) => loaders.itemById.load(id)));
      return items.filter((item) => item !== null);
    },
  },
  Mutation: {
    signUp: (_parent, account, { services, address }) => services.accounts.signUp(account, address),
    signIn: (_parent, credentials, { services, address }) =>
      services.accounts.signIn(credentials, address),
    signOut: (_parent, _args, { services, caller }) =>
      caller.token === undefined ? false : services.sessions.end(caller.token),
    signOutEverywhere: async (_parent, _args, { services, caller }) => {
      const session = await caller.session();
      return session !== null && (await services.sessions.endAll(session.customerId)) > 0;
    },
    addToCart: async (_parent, { sizeId, quantity }, context) => {
      const token = await requireToken(context);
      checkSizeId(sizeId);
      await loadExisting(context.loaders.sizeById, "size", sizeId);
      return context.services.sessions.addToCart(token, sizeId, quantity);
    },
    removeFromCart: async (_parent, { sizeId }, context) => {
      const token = await requireToken(context);
      const { cart } = await requireSession(context);
      checkSizeId(sizeId);
      // What has left the menu for good can be in a cart still.
      if (!cart.some((line) => line.sizeId === sizeId)) {
        await loadExisting(context.loaders.sizeById, "size", sizeId);
      }
      return context.services.sessions.removeFromCart(token, sizeId);
    },
    setPreferences: async (_parent, change, context) => {
      const token = await requireToken(context);
      const favourites = change.favouriteItems ?? [];
      await Promise.all(
        favourites.map((id) => loadExisting(context.loaders.itemById, "menu item", id)),
      );
      return context.services.setPreferences(token, change);
    },
  },
};
