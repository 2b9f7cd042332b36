import {
  type FieldNode,
  type GraphQLResolveInfo,
  type OperationDefinitionNode,
  print,
} from "graphql";
import { describe, expect, test } from "vitest";
import { createGate, type Gate } from "../support/gate.js";
import { createCachedSchema, type SchemaParts } from "./support/cached-schema.js";

/** A resolver that gives only what was selected, as one that builds its query from `info` does. */
function selecting(directive: string, gate?: Gate): SchemaParts {
  return {
    typeDefs: `
      type Query { item: Item @cached(ttl: 60 ${directive})  plain: Int @cached(ttl: 60) }
      type Item { id: ID name: String }
    `,
    resolvers: (count) => ({
      Query: {
        item: async (_source: never, _args: never, _context: never, info: GraphQLResolveInfo) => {
          count("item");
          await gate?.pass();
          const names = selectedNames(info.fieldNodes);
          return Object.fromEntries(names.map((name) => [name, name]));
        },
        plain: (_source: never, _args: never, _context: never, info: GraphQLResolveInfo) => {
          count("plain");
          return { ...info.path, type: info.parentType.name, op: info.operation.operation }.key ===
            "plain"
            ? 1
            : 2;
        },
      },
    }),
  };
}

function selectedNames(nodes: readonly FieldNode[]): string[] {
  return nodes.flatMap(
    ({ selectionSet }) =>
      selectionSet?.selections.flatMap((node) => (node.kind === "Field" ? node.name.value : [])) ??
      [],
  );
}

describe("a resolver that reads the selection", () => {
  test("is cached by selection where it says so", async () => {
    const { run, asked, problems } = createCachedSchema(selecting(", bySelection: true"));

    expect((await run("{ item { id } }")).data).toEqual({ item: { id: "id" } });
    expect((await run("{ item { name } }")).data).toEqual({ item: { name: "name" } });
    expect((await run("query Again { item { ... { name } } }")).data).toEqual({
      item: { name: "name" },
    });

    expect(asked("item")).toBe(2);
    expect(problems).toEqual([]);
  });

  test("is noticed where it doesn't, not cached, and reported once (pitfall 1)", async () => {
    const { run, asked, problems } = createCachedSchema(selecting(""));

    expect((await run("{ item { id } }")).data).toEqual({ item: { id: "id" } });
    expect((await run("{ item { name } }")).data).toEqual({ item: { name: "name" } });
    expect((await run("{ item { id } }")).outcomes).toMatchObject([{ status: "bypassed" }]);

    expect(asked("item")).toBe(3);
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      [
        "E_NOT_CACHEABLE",
        "Query.item: the resolver reads the selection from info, so its results are not cached; " +
          "@cached(bySelection: true) caches them by selection.",
      ],
    ]);
  });

  test("leaves nothing for a process that has not noticed it yet", async () => {
    const first = createCachedSchema(selecting(""));
    await first.run("{ item { id } }");

    const { run } = createCachedSchema({ ...selecting(""), cache: first.cache });

    expect((await run("{ item { name } }")).data).toEqual({ item: { name: "name" } });
  });

  test("does not answer another selection with its own, even where that waited for it (pitfall 1)", async () => {
    const gate = createGate();
    const { run } = createCachedSchema(selecting("", gate));

    const first = run("{ item { id } }");
    await gate.arrived;
    const second = run("{ item { name } }");
    gate.open();

    expect((await first).data).toEqual({ item: { id: "id" } });
    expect((await second).data).toEqual({ item: { name: "name" } });
  });
});

describe("the operation of a cached field's info", () => {
  const reading = (read: (operation: OperationDefinitionNode) => unknown): SchemaParts => ({
    typeDefs: "type Query { field: String @cached(ttl: 60) }",
    resolvers: (count) => ({
      Query: {
        field: (_source: never, _args: never, _context: never, info: GraphQLResolveInfo) => {
          count("field");
          return String(read(info.operation));
        },
      },
    }),
  });

  test.each<[string, (operation: OperationDefinitionNode) => unknown, string]>([
    ["selection set", ({ selectionSet }) => selectionSet.selections.length, "1"],
    ["whole text", (operation) => print(operation), "query Ask {\n  field\n}"],
  ])("is watched: its %s is the selection", async (_what, read, text) => {
    const { run, asked, problems } = createCachedSchema(reading(read));

    expect((await run("query Ask { field }")).data).toEqual({ field: text });
    await run("query Ask { field }");

    expect(asked("field")).toBe(2);
    expect(problems.map(({ code }) => code)).toEqual(["E_NOT_CACHEABLE"]);
  });

  test.each<[string, (operation: OperationDefinitionNode) => unknown, string]>([
    ["name", ({ name }) => name?.value, "Ask"],
    ["kind", ({ operation }) => operation, "query"],
    ["directives", ({ directives }) => directives?.length, "0"],
  ])("may be asked for its %s", async (_what, read, text) => {
    const { run, asked, problems } = createCachedSchema(reading(read));

    await run("query Ask { field }");
    expect((await run("query Ask { field }")).data).toEqual({ field: text });

    expect(asked("field")).toBe(1);
    expect(problems).toEqual([]);
  });
});

test("a resolver that reads anything else of info is cached", async () => {
  const { run, asked, problems } = createCachedSchema(selecting(""));

  await run("{ plain }");
  expect((await run("{ plain }")).data).toEqual({ plain: 1 });

  expect(asked("plain")).toBe(1);
  expect(problems).toEqual([]);
});
