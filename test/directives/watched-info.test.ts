import { execute, type GraphQLResolveInfo, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { unwatched, watchedInfo } from "../../src/directives/watched-info.js";
import { createCachedSchema, createTestCache } from "./support/cached-schema.js";

/** A watched info, and what was noticed of its reading. */
function watching() {
  const [operation] = parse("query Ask { field }").definitions;
  const noticed: string[] = [];
  const original = {
    fieldName: "field",
    path: { key: "field" },
    fieldNodes: [{ kind: "Field" }],
    variableValues: { lang: "de" },
    operation,
  } as unknown as GraphQLResolveInfo;
  const info = watchedInfo(original, {
    onSelection: () => noticed.push("selection"),
    onVariables: () => noticed.push("variables"),
  });
  return { original, info, noticed };
}

describe("a watched info", () => {
  test.each<[string, string, (info: GraphQLResolveInfo) => unknown]>([
    ["selection", "its nodes", ({ fieldNodes }) => fieldNodes[0]],
    ["selection", "how many nodes it has", ({ fieldNodes }) => fieldNodes.length],
    ["selection", "the operation's selection set", (info) => info.operation.selectionSet.kind],
    ["variables", "a variable", ({ variableValues }) => variableValues.lang],
    ["variables", "whether there is one", ({ variableValues }) => "lang" in variableValues],
    ["variables", "whether it is its own", (info) => Object.hasOwn(info.variableValues, "lang")],
    ["variables", "which there are", ({ variableValues }) => Object.keys(variableValues)],
    ["variables", "their names alone", ({ variableValues }) => Reflect.ownKeys(variableValues)],
  ])("notices the reading of the %s: %s", (what, _how, read) => {
    const { original, info, noticed } = watching();

    expect(read(info)).toEqual(read(original));

    expect(new Set(noticed)).toEqual(new Set([what]));
  });

  test.each<[string, (info: GraphQLResolveInfo) => unknown]>([
    ["a copy", (info) => ({ ...info }).fieldName],
    ["the path", ({ path }) => path.key],
    ["the operation's name", ({ operation }) => operation.name?.value],
    ["that the nodes are a list", ({ fieldNodes }) => Array.isArray(fieldNodes)],
  ])("lets pass %s", (_what, read) => {
    const { original, info, noticed } = watching();

    expect(read(info)).toEqual(read(original));

    expect(noticed).toEqual([]);
  });

  test("gives up what it watches to those who go by identity", () => {
    const { original, info, noticed } = watching();
    const again = watchedInfo(info, { onSelection: () => {}, onVariables: () => {} });

    expect(unwatched(again.variableValues)).toBe(original.variableValues);
    expect(unwatched(original.variableValues)).toBe(original.variableValues);

    expect(noticed).toEqual([]);
  });

  test("has nothing to watch in what a resolver called by hand is not given", () => {
    const listener = { onSelection: () => {}, onVariables: () => {} };
    expect(watchedInfo({ operation: {} } as GraphQLResolveInfo, listener)).toEqual({
      operation: {},
    });
  });
});

test("a cached field below another cache is cached there as well: both know the operation", async () => {
  const inner = createCachedSchema({
    typeDefs: "type Query { field: Int @cached(ttl: 60) }",
    resolvers: (count) => ({
      Query: {
        field: () => {
          count("field");
          return 1;
        },
      },
    }),
  });
  const outer = createTestCache();
  const schema = cacheDirectives(outer).apply(inner.schema);
  const document = parse("{ field }");

  await execute({ schema, document, contextValue: {} });
  await outer.clear();
  const { data } = await execute({ schema, document, contextValue: {} });

  expect(data).toEqual({ field: 1 });
  expect([inner.asked("field"), inner.problems]).toEqual([1, []]);
});
