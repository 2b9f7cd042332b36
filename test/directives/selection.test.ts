import {
  buildSchema,
  executeSync,
  type GraphQLResolveInfo,
  graphqlSync,
  parse,
  validate,
} from "graphql";
import { describe, expect, test } from "vitest";
import { expandedSelection } from "../../src/directives/selection.js";

const schema = buildSchema(`
  directive @unit(in: String = "kg") repeatable on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
  type Query { pet(id: ID): Pet  dog: Dog }
  interface Pet { name: String! friends(first: Int = 3, kind: Kind): [Pet!]! }
  type Dog implements Pet { name: String! friends(first: Int = 3, kind: Kind): [Pet!]! barks: Boolean! }
  type Cat implements Pet { name: String! friends(first: Int = 3, kind: Kind): [Pet!]! lives: Int! }
  enum Kind { DOG CAT }
`);

/** The expanded selection of `pet` in a query. */
function expand(
  source: string,
  variableValues: Record<string, unknown> = {},
  isValid = true,
): string {
  expect(validate(schema, parse(source)).length === 0).toBe(isValid);
  let text = "";
  const pet = (_args: unknown, _context: unknown, info: GraphQLResolveInfo): null => {
    text = expandedSelection(info);
    return null;
  };
  executeSync({ schema, document: parse(source), variableValues, rootValue: { pet } });
  return text;
}

describe("expandedSelection", () => {
  test("names what is selected, arguments with their defaults", () => {
    expect(expand("{ pet { name friends { name } } }")).toBe("(friends(first:3)(name),name)");
    expect(expand("{ pet { friends(kind: CAT) { name } } }")).toBe(
      '(friends(first:3,kind:"CAT")(name))',
    );
  });

  test.each([
    ["the order of fields", "{ pet { friends { name } name } }"],
    ["an inline fragment", "{ pet { name ... { friends { name } } } }"],
    ["a condition that says nothing new", "{ pet { name ... on Pet { friends { name } } } }"],
    ["a named fragment", "{ pet { ...a } } fragment a on Pet { name friends { name } }"],
    [
      "nested fragments",
      "{ pet { ...x } } fragment x on Pet { name ...y } fragment y on Pet { friends { ...z } } fragment z on Pet { name }",
    ],
    ["a field said twice", "{ pet { name friends { name } name friends { name } } }"],
    ["a field left out by @skip", "{ pet { name friends { name n: name @skip(if: true) } } }"],
    ["an argument's default written out", "{ pet { name friends(first: 3) { name } } }"],
  ])("does not see %s", (_what, query) => {
    expect(expand(query)).toBe(expand("{ pet { name friends { name } } }"));
  });

  test.each([
    ["a field more", "{ pet { name friends { name __typename } } }"],
    ["an alias", "{ pet { name mates: friends { name } } }"],
    ["an argument", "{ pet { name friends(first: 4) { name } } }"],
    ["a type condition", "{ pet { name ... on Dog { friends { name } } } }"],
    ["a directive", "{ pet { name @unit friends { name } } }"],
    ["a directive of a field below", "{ pet { name friends { name @unit } } }"],
    ["a directive of the field itself", "{ pet @unit { name friends { name } } }"],
    ["a directive around it", "{ pet { name ... @unit { friends { name } } } }"],
    [
      "a directive of a fragment",
      "{ pet { ...a @unit friends { name } } } fragment a on Pet { name }",
    ],
    ["a directive of one of two that are merged", "{ pet { name name @unit friends { name } } }"],
    ["a nested selection", "{ pet { name friends { friends { name } } } }"],
  ])("sees %s", (_what, query) => {
    expect(expand(query)).not.toBe(expand("{ pet { name friends { name } } }"));
  });

  test("merges what two selections of one field ask for", () => {
    expect(expand("{ pet { friends { name } friends { __typename } } }")).toBe(
      expand("{ pet { friends { name __typename } } }"),
    );
  });

  test("decides @include and arguments with the variables", () => {
    const query = `query ($all: Boolean!, $first: Int) {
      pet { name friends(first: $first) @include(if: $all) { name } }
    }`;
    expect(expand(query, { all: false })).toBe("(name)");
    expect(expand(query, { all: true, first: 5 })).toBe("(friends(first:5)(name),name)");
    expect(expand(query, { all: true })).toBe("(friends(first:3)(name),name)");
  });

  test("names directives as they stand, with their arguments and the variables' values", () => {
    expect(expand("{ pet { name @unit } }")).toBe('(name@unit(in:"kg"))');
    expect(
      expand('query ($in: String) { pet { name @unit(in: $in) @unit(in: "lb") } }', { in: "st" }),
    ).toBe('(name@unit(in:"st")@unit(in:"lb"))');
    expect(expand("{ pet { ... @unit { name @skip(if: false) } } }")).toBe('(name@unit(in:"kg"))');
  });

  test("does not see that a directive was said twice of two that are merged", () => {
    expect(expand("{ pet { name @unit ...a } } fragment a on Pet { name @unit }")).toBe(
      expand("{ pet { name @unit } }"),
    );
  });

  test("names directives that the schema doesn't know", () => {
    expect(expand('{ pet { name @odd(in: "kg") } }', {}, false)).toBe('(name@odd(in:"kg"))');
  });

  test("keeps apart what holds for one type only", () => {
    expect(expand("{ pet { ... on Dog { barks } ... on Cat { lives } } }")).toBe(
      "(on Cat:lives,on Dog:barks)",
    );
    expect(expand("{ pet { ... on Pet { ... on Dog { barks } } } }")).toBe("(on Dog:barks)");
  });

  test("keeps apart a fragment that is spread for one type from one that is for another as well", () => {
    const fragment = "fragment a on Pet { name }";
    expect(expand(`{ pet { ... on Dog { ...a } ... on Cat { ...a } } } ${fragment}`)).toBe(
      "(on Cat&Pet:name,on Dog&Pet:name)",
    );
  });

  test("keeps apart a fragment that is spread with a directive from one that is without as well", () => {
    const expanded = ["...a", "...a @unit", "...a ...a @unit"].map((spread) =>
      expand(`{ pet { ${spread} } } fragment a on Pet { name }`),
    );
    expect(new Set(expanded).size).toBe(3);
  });

  test("gives up on a selection that fragments blow up", () => {
    const fragments = Array.from(
      { length: 16 },
      (_, level) => `fragment f${level} on Pet {
        a${level}: friends { ...f${level + 1} } b${level}: friends { ...f${level + 1} }
      }`,
    );
    const query = `{ pet { ...f0 } } ${fragments.join("\n")} fragment f16 on Pet { name }`;
    expect(() => {
      let failure: unknown;
      const pet = (_args: unknown, _context: unknown, info: GraphQLResolveInfo): null => {
        try {
          expandedSelection(info);
        } catch (error) {
          failure = error;
        }
        return null;
      };
      graphqlSync({ schema, source: query, rootValue: { pet } });
      throw failure;
    }).toThrow("the selection has more than 10000 nodes");
  });
});
