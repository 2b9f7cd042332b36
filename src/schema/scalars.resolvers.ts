import { GraphQLDateTimeISO, GraphQLLocalDate } from "graphql-scalars";
import { MoneyScalar } from "./money.js";
import type { Resolvers } from "./resolvers.generated.js";

export const scalarResolvers: Resolvers = {
  Date: GraphQLLocalDate,
  DateTime: GraphQLDateTimeISO,
  Money: MoneyScalar,
};
