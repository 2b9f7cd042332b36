import { GraphQLScalarType } from "graphql";
import { GraphQLDateTimeISO, GraphQLLocalDate } from "graphql-scalars";
import { MoneyScalar } from "./money.js";
import type { Resolvers } from "./resolvers.generated.js";

export const scalarResolvers: Resolvers = {
  Date: named("Date", GraphQLLocalDate),
  DateTime: named("DateTime", GraphQLDateTimeISO),
  Money: MoneyScalar,
};

/** Under the contract's name: a schema that is rebuilt, as directives do, knows a type by the name it has itself. */
function named(name: string, scalar: GraphQLScalarType): GraphQLScalarType {
  return new GraphQLScalarType({ ...scalar.toConfig(), name });
}
