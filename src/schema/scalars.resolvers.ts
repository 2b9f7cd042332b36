import { GraphQLDateTimeISO } from "graphql-scalars";
import { MoneyScalar } from "./money.js";
import type { Resolvers } from "./resolvers.generated.js";

export const scalarResolvers: Resolvers = {
  DateTime: GraphQLDateTimeISO,
  Money: MoneyScalar,
};
