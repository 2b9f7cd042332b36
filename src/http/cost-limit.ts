import type { ApolloServerPlugin, BaseContext } from "@apollo/server";
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLSchema,
  getNullableType,
  getVariableValues,
  isListType,
  type OperationDefinitionNode,
} from "graphql";
import { type ComplexityEstimator, getComplexity } from "graphql-query-complexity";
import { limits } from "./limits.js";

/**
 * The most that lists without `first` hold: a cart has 50 lines, and so has an order; of a menu's length there is only
 * a guess. A paged list counts as many as were asked for.
 */
const LIST_LENGTHS: Readonly<Record<string, number>> = {
  "Query.menu": 50,
  "MenuItem.sizes": 5,
  "Order.lines": 50,
  "Session.cart": 50,
  "Preferences.favouriteItems": 50,
  "OrderConnection.edges": 1,
  "Query.hourlyOrders": 24,
};
/** What any other is counted as, and the most that a page may have. */
const MAX_LENGTH = 100;

/**
 * Refuses an operation that costs more than `limits.cost`. A plugin and not a validation rule, because rules
 * know no variables, and are skipped for a document that was validated before.
 */
export function costLimitPlugin<Context extends BaseContext>(): ApolloServerPlugin<Context> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ schema, document, operation, operationName, request }) {
          const { variables } = request;
          const problem = costProblem({ schema, document, operation, operationName, variables });
          if (problem) throw problem;
        },
      };
    },
  };
}

/** The error that an operation is to be refused with; undefined where it costs no more than `limits.cost`. */
export function costProblem(asked: {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode | undefined;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}): GraphQLError | undefined {
  const { schema, document, operation, operationName } = asked;
  const variables = asked.variables ?? {};
  if (!areCoercible(schema, operation, variables)) return undefined;
  try {
    const cost = getComplexity({
      schema,
      query: document,
      variables,
      ...(operationName != null && { operationName }),
      estimators: [fieldCost],
      maxQueryNodes: limits.selections,
    });
    return cost > limits.cost ? tooCostly(cost) : undefined;
  } catch (error) {
    if (error instanceof GraphQLError) return uncountable(error);
    throw error;
  }
}

const fieldCost: ComplexityEstimator = ({ type, field, args, childComplexity }) =>
  1 + childComplexity * lengthOf(`${type.name}.${field.name}`, field, args);

function lengthOf(
  coordinate: string,
  { type, args: declared }: GraphQLField<unknown, unknown>,
  args: Record<string, unknown>,
) {
  // Introspection's lists are short, and nest as deep as types do: multiplied, no tool could read the schema.
  if (coordinate.startsWith("__")) return 1;
  const first = declared.find(({ name }) => name === "first");
  if (first !== undefined) {
    // To resolvers null is the default as well.
    const asked = args.first ?? first.defaultValue;
    return typeof asked === "number" ? Math.max(asked, 1) : MAX_LENGTH;
  }
  return isListType(getNullableType(type)) ? (LIST_LENGTHS[coordinate] ?? MAX_LENGTH) : 1;
}

/** Wrong variables are for the execution to report, which doesn't begin with them. */
function areCoercible(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode | undefined,
  variables: Record<string, unknown>,
): boolean {
  const { errors } = getVariableValues(schema, operation?.variableDefinitions ?? [], variables);
  return errors === undefined;
}

/**
 * Of an argument that a variable makes null where it may not be, which the variable's own type allows, or of fragments
 * that multiply. Left to the execution, the rest of the operation would run uncounted.
 */
function uncountable({ message, nodes }: GraphQLError): GraphQLError {
  const code = nodes ? "BAD_USER_INPUT" : "GRAPHQL_VALIDATION_FAILED";
  return new GraphQLError(message, {
    ...(nodes && { nodes }),
    extensions: { code, http: { status: 400 } },
  });
}

function tooCostly(cost: number): GraphQLError {
  return new GraphQLError(`Query cost limit of ${limits.cost} exceeded, found ${cost}.`, {
    extensions: { code: "GRAPHQL_VALIDATION_FAILED", http: { status: 400 } },
  });
}
