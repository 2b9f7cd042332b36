import type { Context } from "../context.js";
import { asGraphQLError } from "./errors.js";
import { requireStaff } from "./guards.js";

/**
 * Who may change what is cached. Asked before anything is evicted: as a resolver that throws may have committed first,
 * it evicts as well, and by a guard inside it anybody could keep the cache empty.
 */
export const authorize = {
  "Mutation.setPrice": isStaff,
  "Mutation.setAvailability": isStaff,
  "Mutation.claimNextTicket": isStaff,
  "Mutation.completeTicket": isStaff,
};

async function isStaff(_source: unknown, _args: unknown, context: Context): Promise<true> {
  try {
    await requireStaff(context);
    return true;
  } catch (error) {
    throw asGraphQLError(error);
  }
}
