import { inspect } from "node:util";
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
  print,
  validate,
} from "graphql";
import { InvalidOptionError } from "../cache/errors.js";
import type { ExpectOptions, TestOperation } from "./types.js";

/** An operation that was parsed and is valid. */
export interface Prepared {
  readonly document: DocumentNode;
  readonly given: TestOperation;
  readonly isMutation: boolean;
  readonly text: string;
}

/** @throws InvalidOptionError for what is no valid query or mutation of the schema. */
export function prepare(schema: GraphQLSchema, operation: string | TestOperation): Prepared {
  const given = typeof operation === "string" ? { query: operation } : operation;
  const document = parsed(given.query);
  const [mistake] = validate(schema, document);
  if (mistake) throw wrong(`be valid in the schema, but ${mistake.message}`, mistake);
  const node = getOperationAST(document, given.operationName);
  if (!node) throw wrong("be the only one of its document, or be named by operationName");
  if (node.operation === OperationTypeNode.SUBSCRIPTION) {
    throw wrong("be a query or a mutation, but is a subscription");
  }
  const variables = given.variables ? `\nvariables ${inspect(given.variables, { depth: 9 })}` : "";
  return {
    document,
    given,
    isMutation: node.operation === OperationTypeNode.MUTATION,
    text: `${print(document)}${variables}`,
  };
}

export async function run(
  schema: GraphQLSchema,
  { document, given }: Prepared,
  options: ExpectOptions,
  contextValue: unknown,
): Promise<ExecutionResult> {
  return execute({
    schema,
    document,
    contextValue,
    rootValue: options.rootValue,
    variableValues: given.variables,
    operationName: given.operationName,
  });
}

function parsed(query: string | DocumentNode): DocumentNode {
  if (typeof query !== "string") return query;
  try {
    return parse(query);
  } catch (error) {
    throw wrong(`be GraphQL, but ${error instanceof Error ? error.message : error}`, error);
  }
}

function wrong(must: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError(
    `An operation of expectWarmEqualsCold must ${must.replace(/\.$/, "")}.`,
    { cause },
  );
}
