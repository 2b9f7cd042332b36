import { describe, expect, test } from "vitest";
import { createProblems } from "../../src/directives/problems.js";
import { createViewerWatch } from "../../src/directives/viewer-watch.js";
import { createCachedSchema, type SchemaParts, type TestContext } from "./support/cached-schema.js";

interface Context extends TestContext {
  readonly user: { readonly id?: string; readonly locale?: string };
}

/** Fields whose resolvers read of the context what the test says. */
const reading = (read: (context: Context) => unknown): SchemaParts => ({
  typeDefs: `
    type Query {
      all: String @cached(ttl: 60)
      mine: String @cached(ttl: 60, scope: PRIVATE)
      local: String @cached(ttl: 60, vary: ["locale"])
      plain: String
      item: Item
      own: Item @cached(ttl: 60, scope: PRIVATE)
    }
    type Item { id: ID!  label: String @cached(ttl: 60) }
  `,
  resolvers: () => {
    const resolve = async (_source: never, _args: never, context: TestContext) => {
      await null;
      return String(read(context as Context));
    };
    const item = () => ({ id: 1 });
    const Query = { all: resolve, mine: resolve, local: resolve, plain: resolve, item, own: item };
    return { Query, Item: { label: resolve } };
  },
  options: {
    viewer: (context) => (context as Context).user?.id,
    vary: { locale: (context) => (context as Context).user?.locale },
  },
});

const user = { id: "ada", locale: "de" };

async function problemsOf(query: string, read: (context: Context) => unknown): Promise<string[]> {
  const { run, problems } = createCachedSchema(reading(read));
  await run(query, { user });
  await run(query, { user: { id: "bob", locale: "en" } });
  return problems.map(({ code, message }) => `${code} ${message}`);
}

const told = (coordinate: string) => [
  `E_PRIVACY ${coordinate}: the resolver reads "user" of the context, by which the option "viewer" tells who asks, ` +
    "but all viewers share its entry; @cached(scope: PRIVATE), or vary, keeps them apart.",
];

describe("in development, a resolver that reads who asks", () => {
  test.each([
    ["all", "{ all }", "Query.all"],
    ["a nested field", "{ item { label } }", "Item.label"],
  ])("is reported once where %s is PUBLIC", async (_what, query, coordinate) => {
    expect(await problemsOf(query, ({ user }) => user.id)).toEqual(told(coordinate));
  });

  test.each([
    ["is PRIVATE", "{ mine }"],
    ["is not cached", "{ plain }"],
    ["lies below a PRIVATE one, and is its viewer's", "{ own { label } }"],
    ["varies by what is read there", "{ local }"],
  ])("is not where its field %s", async (_what, query) => {
    expect(await problemsOf(query, ({ user }) => user.id)).toEqual([]);
  });

  test("is not where it reads something else", async () => {
    expect(await problemsOf("{ all item { label } }", ({ locale }) => locale)).toEqual([]);
  });

  test("finds its context the same, with what it sets on it", async () => {
    const seen: unknown[] = [];
    const parts = reading((context) => {
      seen.push(context, { ...context }, Object.keys(context));
      Object.assign(context, { user: { id: "eve" } });
      seen.push(context.user);
    });
    const { run } = createCachedSchema(parts);

    await run("{ all }", { user, locale: "de" });

    expect(seen).toEqual([
      { user: { id: "eve" }, locale: "de" },
      { user, locale: "de" },
      ["user", "locale"],
      { id: "eve" },
    ]);
  });

  test("is answered with a frozen context, and without one", async () => {
    const problems = createProblems(() => expect.unreachable());
    const watch = createViewerWatch((context: { id: string }) => context.id, problems, true);
    const field = { coordinate: "Query.all", vary: [] };
    const frozen = Object.freeze({ id: "ada" });

    expect(watch.run(field, frozen, () => frozen.id)).toBe("ada");
    expect(watch.run(field, undefined, () => 1)).toBe(1);
  });
});

test("in production the context is left as it is", () => {
  const problems = createProblems(() => expect.unreachable());
  const watch = createViewerWatch((context: { id: string }) => context.id, problems, false);
  const context = { id: "ada" };

  expect(watch.run({ coordinate: "Query.all", vary: [] }, context, () => context.id)).toBe("ada");
  expect(Object.getOwnPropertyDescriptor(context, "id")?.get).toBeUndefined();
});
