import { GraphQLScalarType } from "graphql";
import { GraphQLDateTimeISO, GraphQLLocalDate } from "graphql-scalars";
import { MoneyScalar } from "./money.js";
import type { Resolvers } from "./resolvers.generated.js";

export const scalarResolvers: Resolvers = {
  Date: sinceYearOne(named("Date", GraphQLLocalDate)),
  DateTime: named("DateTime", GraphQLDateTimeISO),
  Money: MoneyScalar,
};

/** A scalar takes its own name into the schema, where clients' variables would not find it by ours. */
function named<Inside, Outside>(name: string, scalar: GraphQLScalarType<Inside, Outside>) {
  const { description: _theirs, specifiedByURL: _url, ...config } = scalar.toConfig();
  return new GraphQLScalarType<Inside, Outside>({ ...config, name });
}

/** PostgreSQL's calendar has no year 0, and refuses a statement that brings one. */
function sinceYearOne<Outside>(scalar: GraphQLScalarType<string, Outside>) {
  const { parseValue, parseLiteral, ...config } = scalar.toConfig();
  const checked = (date: string) => {
    if (date.startsWith("0000-")) {
      throw new TypeError(`Value is not a valid LocalDate: ${date}, since years begin with 0001`);
    }
    return date;
  };
  return new GraphQLScalarType<string, Outside>({
    ...config,
    parseValue: (value) => checked(parseValue(value)),
    parseLiteral: (node, variables) => checked(parseLiteral(node, variables)),
  });
}
