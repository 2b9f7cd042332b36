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

  test("does not answer another selection of its own operation, which shared its load (pitfall 1)", async () => {
    const { run } = createCachedSchema(selecting(""));

    const { data, outcomes } = await run("{ a: item { id } b: item { name } }");

    expect(data).toEqual({ a: { id: "id" }, b: { name: "name" } });
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["bypassed", "miss"]);
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

describe("the variables of a cached field's info", () => {
  const reading = (
    directive: string,
    read: (info: GraphQLResolveInfo) => unknown,
  ): SchemaParts => ({
    typeDefs: `type Query { field(lang: String): String @cached(ttl: 60 ${directive}) }`,
    resolvers: (count) => ({
      Query: {
        field: (_source: never, _args: never, _context: never, info: GraphQLResolveInfo) => {
          count("field");
          return String(read(info));
        },
      },
    }),
  });
  const query = "query ($lang: String) { field  other: field(lang: $lang) }";

  test.each<[string, (info: GraphQLResolveInfo) => unknown]>([
    ["one by one", ({ variableValues }) => variableValues.lang],
    ["as a whole", ({ variableValues }) => JSON.stringify(variableValues)],
    ["by their names", ({ variableValues }) => "lang" in variableValues],
    ["from a copy of info", (info) => ({ ...info, traced: true }).variableValues.lang],
  ])(
    "are watched: read %s they keep the field from being cached, reported once",
    async (_what, read) => {
      const { run, asked, problems } = createCachedSchema(reading("", read));
      const plain = (lang: string) => String(read({ variableValues: { lang } } as never));

      for (const lang of ["de", "en", "de"]) {
        const { data } = await run(query, {}, { lang });
        expect(data).toEqual({ field: plain(lang), other: plain(lang) });
      }

      expect(asked("field")).toBeGreaterThanOrEqual(6);
      expect(problems.map(({ code, message }) => [code, message])).toEqual([
        [
          "E_NOT_CACHEABLE",
          "Query.field: the resolver reads the operation's variables from info, so its results are not cached; " +
            "what it gets as arguments tells its results apart.",
        ],
      ]);
    },
  );

  test("may be read by a resolver that is cached by selection, whose key has those that it names", async () => {
    const parts = reading(", bySelection: true", ({ variableValues }) => variableValues.lang);
    const { run, asked, problems } = createCachedSchema(parts);

    await run("query ($lang: String) { field(lang: $lang) }", {}, { lang: "de" });
    await run("query ($lang: String) { field(lang: $lang) }", {}, { lang: "de" });

    expect([asked("field"), problems]).toEqual([1, []]);
  });
});

describe("a copy of a cached field's info", () => {
  test("is no reading, as tracing makes one", async () => {
    const { run, asked, problems } = createCachedSchema(copying((info) => info.fieldName));

    await run("{ item { id } }");
    expect((await run("{ item { id } }")).data).toEqual({ item: { id: "item" } });

    expect([asked("item"), problems]).toEqual([1, []]);
  });

  test("is watched as the original is", async () => {
    const { run, asked, problems } = createCachedSchema(
      copying((info) => selectedNames(info.fieldNodes).join()),
    );

    await run("{ item { id } }");
    expect((await run("{ item { id other: id } }")).data).toEqual({
      item: { id: "id,id", other: "id,id" },
    });

    expect(asked("item")).toBe(2);
    expect(problems.map(({ code }) => code)).toEqual(["E_NOT_CACHEABLE"]);
  });

  function copying(read: (info: GraphQLResolveInfo) => string): SchemaParts {
    return {
      typeDefs: "type Query { item: Item @cached(ttl: 60) } type Item { id: ID }",
      resolvers: (count) => ({
        Query: {
          item: (_source: never, _args: never, _context: never, info: GraphQLResolveInfo) => {
            count("item");
            return { id: read({ ...info }) };
          },
        },
      }),
    };
  }
});

test("a resolver that reads anything else of info is cached", async () => {
  const { run, asked, problems } = createCachedSchema(selecting(""));

  await run("{ plain }");
  expect((await run("{ plain }")).data).toEqual({ plain: 1 });

  expect(asked("plain")).toBe(1);
  expect(problems).toEqual([]);
});
