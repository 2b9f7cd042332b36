import { makeExecutableSchema } from "@graphql-tools/schema";
import { describe, expect, test } from "vitest";
import { heldEnum } from "../../src/directives/enum-objects.js";
import { createCachedSchema, type SchemaParts } from "./support/cached-schema.js";

const LARGE = { cm: 40 };
const SMALL = ["small"];
const Size = { LARGE, SMALL, PLAIN: 30 };
const enums = "enum Size { LARGE SMALL PLAIN } enum Colour { RED }";

describe("an enum's object", () => {
  const found = heldEnum(
    makeExecutableSchema({ typeDefs: `${enums} type Query { a: Int }`, resolvers: { Size } }),
  );

  test.each<[string, unknown]>([
    ["alone", LARGE],
    ["in a list", [null, SMALL]],
    ["in an object", { id: 1, deep: { size: LARGE } }],
    ["in a Set", new Set([LARGE])],
    ["in a Map", new Map([["size", LARGE]])],
    ["as a Map's key", new Map([[LARGE, 1]])],
    ["in an instance of a class", Object.assign(new (class Item {})(), { size: LARGE })],
  ])("is found %s", (_where, value) => {
    expect(found(value)).toBe("Size");
  });

  test("is not found in what only looks like it, or holds itself", () => {
    const round: { self?: unknown; size: unknown } = { size: { cm: 40 } };
    round.self = round;
    expect(found(round)).toBeUndefined();
    expect(found([30, "RED", null, undefined, Buffer.from("a")])).toBeUndefined();
  });

  test("is looked for without calling a getter", () => {
    const value = Object.defineProperty({}, "size", {
      enumerable: true,
      get: () => {
        throw new Error("called");
      },
    });
    expect(found(value)).toBeUndefined();
  });
});

/** `Query.field`, and what its items say of their size through a resolver of their own. */
function sized(type: string, resolve: () => unknown): SchemaParts {
  return {
    typeDefs: `
      ${enums}
      type Query { field: ${type} @cached(ttl: 60, staleIfError: 60) }
      type Item { id: ID size: Size same: Size }
    `,
    resolvers: (count) => ({
      Size,
      Query: {
        field: () => {
          count("field");
          return resolve();
        },
      },
      Item: { same: (item: { size: unknown }) => item.size },
    }),
  };
}

describe("a result with an enum's object", () => {
  test.each<[string, string, unknown, string, unknown]>([
    ["alone", "Size", LARGE, "{ field }", "LARGE"],
    ["in a list", "[Size!]!", [30, SMALL], "{ field }", ["PLAIN", "SMALL"]],
    ["in an object", "Item", { size: LARGE }, "{ field { size } }", { size: "LARGE" }],
    [
      "that a resolver below passes on",
      "Item",
      { size: LARGE },
      "{ field { same } }",
      { same: "LARGE" },
    ],
  ])("%s is answered, not cached, and reported once", async (_what, type, value, query, answer) => {
    const { run, asked, problems } = createCachedSchema(sized(type, () => value));

    expect(await run(query)).toMatchObject({ data: { field: answer } });
    expect(await run(query)).toMatchObject({ data: { field: answer } });

    expect(asked("field")).toBe(2);
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      [
        "E_NOT_CACHEABLE",
        "Query.field: the result holds a value of the enum Size that is an object, and no copy of it would be that " +
          "value, so the field's results are not cached.",
      ],
    ]);
  });

  test("goes to nobody who joined its load", async () => {
    const { run } = createCachedSchema(sized("Size", async () => LARGE));

    const { data, errors } = await run("{ a: field b: field c: field }");

    expect(errors).toBeUndefined();
    expect(data).toEqual({ a: "LARGE", b: "LARGE", c: "LARGE" });
  });

  test("leaves the enum's other values to be cached", async () => {
    const { run, asked, problems } = createCachedSchema(sized("[Size]", () => [30, null]));

    await run("{ field }");
    expect((await run("{ field }")).data).toEqual({ field: ["PLAIN", null] });

    expect([asked("field"), problems]).toEqual([1, []]);
  });
});
