import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { runCommand } from "../../src/inspect/command.js";

/** Files of a project of the test's own; gives its folder. */
async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "inspect-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function run(...args: string[]) {
  let stdout = "";
  let stderr = "";
  const code = await runCommand(args, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

/** The command as a process of its own; rejects where its exit code is not 0. */
function spawned(schema: string) {
  const args = ["--import", "tsx", "src/inspect/main.ts", "inspect", schema];
  return promisify(execFile)(process.execPath, args, { timeout: 20_000 });
}

const SHOP = {
  "menu.graphql": `
    type Query { menu(category: String): [Item!]! @cached(ttl: 300, tags: ["menu"]) }
    type Item { id: ID!  price(currency: String): Int @cached(ttl: 60, tags: ["item:{parent.id}"], vary: ["tenant"]) }
    type Mutation { setPrice(id: ID!): Item @evictTags(tags: ["menu", "item:{args.id}"]) }
  `,
  "orders/orders.graphql": `
    extend type Query { orders: [Item!]! @cached(ttl: 60, tags: ["orders:{viewer}"], scope: PRIVATE) }
    extend type Mutation { leave(id: ID!): Boolean @evictTags(tags: ["viewer:{args.id}"]) }
  `,
  "orders/stock.gql": `type Query { stock(id: ID!): Int @cached(ttl: 5) }`,
};

describe("graphql-cached inspect prints", () => {
  test("a table of fields, keys, tags, and who evicts them", async () => {
    const { code, stdout, stderr } = await run("inspect", await project(SHOP));

    expect(stdout).toBe(
      [
        "FIELD         KEY                            TTL    SCOPE    TAG               EVICTED BY",
        "Query.menu    (category)                     300 s  PUBLIC   menu              Mutation.setPrice",
        "Query.stock   (id)                           5 s    PUBLIC   -                 -",
        "Query.orders  |viewer                        60 s   PRIVATE  orders:{viewer}   -",
        "                                                             viewer:{viewer}   Mutation.leave",
        "Item.price    /{parent.id}(currency)|tenant  60 s   PUBLIC   item:{parent.id}  Mutation.setPrice",
        "",
      ].join("\n"),
    );
    expect(stderr).toBe(
      'warning: Query.orders: nothing evicts the tag "orders:{viewer}" under which it is filed.\n',
    );
    expect(code).toBe(0);
  });

  test("what a project's own files say, not those of packages installed below it, nor folders that are named like files", async () => {
    const { code, stdout, stderr } = await run(
      "inspect",
      await project({
        "node_modules/other/other.graphql": "type Query { other: Int @cached(ttl: -1) }",
        "parts.graphql/menu.graphql": "type Query { menu: Int @cached(ttl: 5) }",
      }),
    );

    expect(stdout).toContain("Query.menu");
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("a Mermaid graph from what evicts to what goes", async () => {
    const folder = await project(SHOP);

    const { stdout } = await run("inspect", join(folder, "menu.graphql"), "--format", "mermaid");

    expect(stdout).toBe(
      [
        "flowchart LR",
        '  n1[["Mutation.setPrice"]]',
        '  n2["Query.menu<br/>300 s"]',
        '  n3(["menu"])',
        "  n3 --> n2",
        "  n1 --> n3",
        '  n4["Item.price<br/>60 s"]',
        '  n5(["item:{parent.id}"])',
        "  n5 --> n4",
        "  n1 --> n5",
        "",
      ].join("\n"),
    );
  });

  test("JSON, remarks included", async () => {
    const { stdout } = await run("inspect", await project(SHOP), "--format", "json");

    expect(JSON.parse(stdout)).toMatchObject({
      fields: [
        { coordinate: "Query.menu", key: "(category)", ttlSeconds: 300, scope: "PUBLIC" },
        { coordinate: "Query.stock", tags: [] },
        {
          coordinate: "Query.orders",
          tags: [{ evictedBy: [] }, { evictedBy: ["Mutation.leave"] }],
        },
        { coordinate: "Item.price" },
      ],
      evictions: [
        {
          coordinate: "Mutation.setPrice",
          tags: [{ reaches: ["Query.menu"] }, { reaches: ["Item.price"] }],
        },
        { coordinate: "Mutation.leave", tags: [{ reaches: ["Query.orders"] }] },
      ],
      errors: [],
      warnings: [{ coordinate: "Query.orders" }],
    });
  });

  test("the entities of a federated graph, whose resolvers are elsewhere", async () => {
    const folder = await project({
      "subgraph.graphql": `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
        type Query { version: String }
        type Item @key(fields: "id") @cached(ttl: 60, tags: ["item:{result.id}"], vary: ["tenant"]) { id: ID! }
        type Mutation { setPrice(id: ID!): Item @evictTags(tags: ["item:{args.id}"]) }
      `,
    });

    const { code, stdout, stderr } = await run("inspect", folder);

    expect(stderr).toBe("");
    expect(stdout).toMatch(
      /^Item\.__resolveReference +\/\{parent\}\|tenant +60 s +PUBLIC +item:\{result\.id\} +Mutation\.setPrice$/m,
    );
    expect(code).toBe(0);
  });

  test("what varies by an interface's field as well", async () => {
    const folder = await project({
      "schema.graphql": `
        interface Node { id: ID!  label: String @cached(ttl: 60, vary: ["locale"]) }
        type Item implements Node { id: ID!  label: String }
        type Query { item: Item }
      `,
    });

    const { stdout, stderr } = await run("inspect", folder);

    expect(stderr).toBe("");
    expect(stdout).toMatch(/^Item\.label +\/\{parent\.id\}\|locale /m);
  });

  test("what a module's own application of the directives knows", async () => {
    const folder = await project({
      "package.json": '{ "type": "module" }',
      "schema.ts": `
        import { buildSchema } from "${createRequire(import.meta.url).resolve("graphql")}";
        import { createCache, cacheDirectives } from "${resolve("src/index.ts")}";
        const directives = cacheDirectives(createCache(), { externalTags: ["stock:{id}"] });
        export const schema = directives.apply(buildSchema(directives.typeDefs +
          'type Query { stock(id: ID!): Int @cached(ttl: 5, tags: ["stock:{args.id}"]) }'));
      `,
    });

    const { stdout, stderr } = await spawned(join(folder, "schema.ts"));

    expect(stderr).toBe("");
    expect(stdout).toContain("stock:{args.id}  externalTags");
  });

  test("all of it, and ends, though the module holds something open", async () => {
    const folder = await project({
      "package.json": '{ "type": "module" }',
      "schema.js": `
        import { createServer } from "node:net";
        import { buildSchema } from "${createRequire(import.meta.url).resolve("graphql")}";
        createServer().listen(0, "127.0.0.1");
        const fields = Array.from({ length: 2_000 }, (_, nr) => "field" + nr + ": Int @cached(ttl: 60)");
        export const schema = buildSchema(
          "directive @cached(ttl: Int!) on FIELD_DEFINITION type Query { " + fields.join(" ") + " }",
        );
      `,
    });

    const { stdout } = await spawned(join(folder, "schema.js"));

    expect(stdout.split("\n").filter((line) => line.startsWith("Query."))).toHaveLength(2_000);
  });

  test("the pizzeria's schema, as a command", async () => {
    const { stdout } = await spawned("src/schema");
    expect(stdout).toMatch(/^Query\.menu +\(category\) +300 s +PUBLIC +menu +Mutation\.setPrice/m);
  });

  test("how it is used", async () => {
    const { code, stdout } = await run("--help");
    expect(stdout).toContain("Usage: graphql-cached inspect <schema>");
    expect(code).toBe(0);
  });
});

describe("graphql-cached inspect ends with 1", () => {
  test("and all contradictions, where the schema has some", async () => {
    const folder = await project({
      "schema.graphql": `
        type Query {
          a: Int @cached(ttl: 0)
          b(id: ID!): Int @cached(ttl: 1, tags: ["b:{args.nr}"])
          c: Int @cached(ttl: 1, tags: ["c"])
        }
        type Mutation { d: Int @evictTags(tags: ["c", "dd", "e"]) @cached(ttl: 1)  f: Int @evictTags(tags: ["ff"]) }
      `,
    });

    const { code, stderr } = await run("inspect", folder);

    expect(code).toBe(1);
    expect(stderr.split("\n")).toEqual([
      'warning: Query.c: nothing evicts the tag "c" under which it is filed.',
      "error: Query.a: @cached(ttl:) must be greater than 0 seconds, but is 0.",
      'error: Query.b: the template "b:{args.nr}" has an unknown path {args.nr}: Query.b has no argument "nr".',
      "error: Mutation.d: @cached and @evictTags may not stand on one field.",
      'error: Mutation.f: @evictTags names "ff", but no @cached field can be filed under it. ' +
        'Tags that are filed outside the schema belong in the option "externalTags".',
      "",
    ]);
  });

  test("and an entity's contradictions among the others, without a stack", async () => {
    const folder = await project({
      "schema.graphql": `
        type Query { a: Int @cached(ttl: 0) }
        type Item @key(fields: "id") @cached(ttl: 60, tags: ["item:{result.nr}"]) { id: ID! }
        type Size @cached(ttl: 60) { id: ID! }
      `,
    });

    const { code, stderr } = await run("inspect", folder);

    expect(code).toBe(1);
    expect(stderr.split("\n")).toEqual([
      "error: Query.a: @cached(ttl:) must be greater than 0 seconds, but is 0.",
      'error: Item.__resolveReference: the template "item:{result.nr}" has an unknown path {result.nr}: ' +
        'Item has no field "nr".',
      "error: Size: @cached on a type caches what its __resolveReference gives to the router of a federated graph, " +
        "but it has no @key. Elsewhere @cached stands on fields.",
      "",
    ]);
  });

  test("but not for tags that are said to be external", async () => {
    const folder = await project({
      "schema.graphql": `
        type Query { a(id: ID!): Int @cached(ttl: 1, tags: ["a:{args.id}"]) }
        type Mutation { f: Int @evictTags(tags: ["ff"]) }
      `,
    });
    const args = ["--external-tag", "ff", "--external-tag", "a:{id}"];
    expect(await run("inspect", folder, ...args)).toMatchObject({ code: 0, stderr: "" });
  });

  test.each<[string, string[], string]>([
    ["no command", [], "The command must be inspect, but is missing."],
    ["another command", ["show"], "The command must be inspect, but is show."],
    ["no schema", ["inspect"], "A schema must be named."],
    [
      "an unknown format",
      ["inspect", "src", "--format", "xml"],
      "--format must be table, mermaid, json, but is xml.",
    ],
    ["an unknown option", ["inspect", "--colour"], "Unknown option '--colour'"],
    ["a path that leads nowhere", ["inspect", "nowhere"], "There is no nowhere."],
    ["a folder without SDL", ["inspect", "scripts"], "There is no .graphql file in scripts."],
    [
      "a module beside others",
      ["inspect", "package.json", "src/schema"],
      "A module must be the only schema that is named.",
    ],
    [
      "a module without a schema",
      ["inspect", "codegen.ts"],
      'must export a GraphQLSchema as "schema" or by default, but exports default.',
    ],
  ])("at %s", async (_what, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([1, ""]);
  });

  test("at SDL that is none", async () => {
    const folder = await project({
      "a.graphql": "type Query {",
      "b.graphql": "type Query { a: Missing }",
    });
    expect((await run("inspect", join(folder, "a.graphql"))).stderr).toContain(
      "a.graphql must hold SDL, but Syntax Error: Expected Name, found <EOF>.",
    );
    expect((await run("inspect", join(folder, "b.graphql"))).stderr).toContain(
      'The SDL must make one schema, but Unknown type: "Missing".',
    );
  });
});
