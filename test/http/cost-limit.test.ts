import { buildSchema, getIntrospectionQuery, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { costProblem } from "../../src/http/cost-limit.js";
import { limits } from "../../src/http/limits.js";

const schema = buildSchema(`
  type Query {
    byDefault(first: Int = 20): [Node!]!
    withoutDefault(first: Int): [Node!]!
    unpaged: [Node!]!
    one: Node
  }
  type Node { id: ID!  child: Node  unpaged: [Node!]! }
`);

/** Asks for the field beside what is over the limit already, since costs are told of what is refused alone. */
function costOf(field: string, variables?: Record<string, unknown>): number {
  const costly = `w: unpaged { ${"unpaged { ".repeat(2)} id ${"} ".repeat(2)} }`;
  const definitions = variables ? "($n: Int)" : "";
  const found = (selections: string) => {
    const document = parse(`query ${definitions} { ${selections} }`);
    const [operation] = document.definitions as [never];
    const problem = costProblem({ schema, document, operation, variables });
    return Number(/found (\d+)/.exec(problem?.message ?? "")?.[1] ?? Number.NaN);
  };
  expect(found(costly)).toBeGreaterThan(limits.cost);
  return found(`${costly} ${field}`) - found(costly);
}

describe("a list costs", () => {
  test.each([
    ["as many as were asked for", "byDefault(first: 7) { id }", 8],
    ["one at least", "byDefault(first: -7) { id }", 2],
    ["the default page where none is named", "byDefault { id }", 21],
    ["the default page where null is", "byDefault(first: null) { id }", 21],
    ["the largest page where there is no default", "withoutDefault { id }", 101],
    [
      "the largest page where there is none and null is named",
      "withoutDefault(first: null) { id }",
      101,
    ],
    ["the most it can be where it has no pages", "unpaged { id }", 101],
  ])("%s", (_what, field, cost) => {
    expect(costOf(field)).toBe(cost);
  });

  test("the default page where a variable is null, or left out", () => {
    expect(costOf("byDefault(first: $n) { id }", { n: null })).toBe(21);
    expect(costOf("byDefault(first: $n) { id }", {})).toBe(21);
    expect(costOf("byDefault(first: $n) { id }", { n: 3 })).toBe(4);
  });
});

test("what is no list costs itself and what is asked of it", () => {
  expect(costOf("one { id child { id } }")).toBe(4);
});

test("what tools ask of the schema is within the limit", () => {
  const document = parse(getIntrospectionQuery());
  const [operation] = document.definitions as [never];
  expect(costProblem({ schema, document, operation })).toBeUndefined();
});

test("of a document's operations the one that is asked for counts", () => {
  const document = parse(
    "query Dear { unpaged { unpaged { unpaged { id } } } } query Cheap { one { id } }",
  );
  const [dear, cheap] = document.definitions as [never, never];
  const asked = { schema, document };
  expect(costProblem({ ...asked, operation: cheap, operationName: "Cheap" })).toBeUndefined();
  expect(costProblem({ ...asked, operation: dear, operationName: "Dear" })).toBeDefined();
});
