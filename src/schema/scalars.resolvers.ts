import { GraphQLScalarType } from "graphql";
import { GraphQLDateTimeISO, GraphQLLocalDate } from "graphql-scalars";
import { MoneyScalar } from "./money.js";
import type { Resolvers } from "./resolvers.generated.js";

export const scalarResolvers: Resolvers = {
  Date: named("Date", GraphQLLocalDate),
  DateTime: named("DateTime", GraphQLDateTimeISO),
  Money: MoneyScalar,
};

/** A scalar takes its own name into the schema, where clients' variables would not find it by ours. */
function named<Inside, Outside>(name: string, scalar: GraphQLScalarType<Inside, Outside>) {
  const { description: _theirs, specifiedByURL: _url, ...config } = scalar.toConfig();
  return new GraphQLScalarType<Inside, Outside>({ ...config, name });
}
