import { describe, expect, test } from "vitest";
import { build, expectRefusal, item, viewer } from "./support/refusals.js";

describe("a schema builds with templates", () => {
  test.each([
    "{args.id}",
    "item:{args.id}",
    "item:{args.filter.name}",
    "item:{args.filter.deep.deep.maker}",
    "item:{args.ids}",
    "item:{result.id}",
    "item:{result.maker.id}",
    "item:{result.parts.number}",
    "item:{result.parts.makers.id}",
    "item:{result.tags}",
    "item:{result.thing.id}",
    "item",
  ])("%s", (template) => {
    expect(() => build(item(`@cached(ttl: 1, tags: ["${template}"])`))).not.toThrow();
  });

  test.each(["item:{viewer}", "item:{args.id}:{viewer}:{result.tags}"])(
    "%s, where the field is PRIVATE",
    (template) => {
      const directive = `@cached(ttl: 1, scope: PRIVATE, tags: ["${template}"])`;
      expect(() => build(item(directive), { viewer })).not.toThrow();
    },
  );

  test("that name the result itself, where it is a scalar", () => {
    expect(() =>
      build('type Query { ids: [ID!]! @cached(ttl: 1, tags: ["item:{result}"]) }'),
    ).not.toThrow();
  });
});

describe("a schema does not build with the template", () => {
  test.each([
    ["item:{args.nr}", 'has an unknown path {args.nr}: Query.item has no argument "nr"'],
    ["item:{args.filter.age}", 'has an unknown path {args.filter.age}: Filter has no field "age"'],
    ["item:{args}", "has an unknown path {args}: it names no argument"],
    [
      "item:{args.filter}",
      "has an unknown path {args.filter}: a path must end in a scalar or enum, but ends in Filter",
    ],
    ["item:{result.nr}", 'has an unknown path {result.nr}: Item has no field "nr"'],
    [
      "item:{result}",
      "has an unknown path {result}: a path must end in a scalar or enum, but ends in Item",
    ],
    ["item:{result.maker.age}", 'has an unknown path {result.maker.age}: Maker has no field "age"'],
    ["item:{result.id.x}", 'has an unknown path {result.id.x}: ID has no field "x"'],
    ["item:{result.other.id}", 'has an unknown path {result.other.id}: Other has no field "id"'],
    ["item:{viewer.id}", "has an unknown path {viewer.id}: the viewer has no fields"],
    ["item:{context.id}", undefined],
  ])("%s", (template, problem) => {
    const message =
      problem === undefined
        ? `the template "${template}" may begin a path with {args.*}, {result.*}, {viewer}, but begins one with "context".`
        : `the template "${template}" ${problem}.`;
    expectRefusal(item(`@cached(ttl: 1, tags: ["${template}"])`), "Query.item", message, {
      viewer,
    });
  });

  test("that is malformed", () => {
    expectRefusal(
      item('@cached(ttl: 1, tags: ["item:{args.id"])'),
      "Query.item",
      'The template "item:{args.id" has a "{" that nothing closes.',
    );
    expectRefusal(item('@cached(ttl: 1, tags: [""])'), "Query.item", 'The template "" is empty.');
    expectRefusal(
      item('@cached(ttl: 1, tags: ["item:args.id}"])'),
      "Query.item",
      'The template "item:args.id}" has a "}" that nothing opened.',
    );
    expectRefusal(
      item('@cached(ttl: 1, tags: ["item:{}"])'),
      "Query.item",
      'The template "item:{}" names a value "{}", which is not a path.',
    );
    expectRefusal(
      item('@cached(ttl: 1, tags: ["item:{args.id}{args.id}"])'),
      "Query.item",
      'The template "item:{args.id}{args.id}" has two values with nothing between them that tells them apart, such as ":".',
    );
  });

  test.each([
    ["{args.nr}", 'Mutation.buy has no argument "nr"'],
    ["{result.nr}", 'Item has no field "nr"'],
    ["{result.maker}", "a path must end in a scalar or enum, but ends in Maker"],
  ])("that names in @evictTags what is not there, as %s", (path, problem) => {
    expectRefusal(
      `${item('@cached(ttl: 1, tags: ["item:{args.id}"])')}
       type Mutation { buy(id: ID!): Item @evictTags(tags: ["item:${path}"]) }`,
      "Mutation.buy",
      `the template "item:${path}" has an unknown path ${path}: ${problem}.`,
    );
  });

  test("that names in a key what the parent lacks", () => {
    expectRefusal(
      'type Query { a: A } type A { id: ID! name: String @cached(ttl: 1, key: "{parent.sku}") }',
      "A.name",
      'the template "{parent.sku}" has an unknown path {parent.sku}: A has no field "sku".',
    );
  });

  test("that goes through two lists", () => {
    expectRefusal(
      item('@cached(ttl: 1, tags: ["{args.ids}:{result.tags}"])'),
      "Query.item",
      'the template "{args.ids}:{result.tags}" may go through one list, but has two.',
    );
  });

  test("that names the viewer of an entry that all viewers share", () => {
    for (const scope of ["", ", scope: PUBLIC"]) {
      expectRefusal(
        item(`@cached(ttl: 1, tags: ["menu", "items:{args.id}:{viewer}"]${scope})`),
        "Query.item",
        'the template "items:{args.id}:{viewer}" needs @cached(scope: PRIVATE): all viewers share the one entry of a ' +
          "PUBLIC field, and it would be filed under one of them.",
        { viewer },
      );
    }
  });

  test("that needs a viewer whom nobody tells", () => {
    expectRefusal(
      item('@cached(ttl: 1, tags: ["items:{viewer}"])'),
      "Query.item",
      'the template "items:{viewer}" needs the option "viewer" of cacheDirectives.',
    );
    expectRefusal(
      `${item('@cached(ttl: 1, tags: ["items:{args.id}"])')} type Mutation { buy: Item @evictTags(tags: ["items:{viewer}"]) }`,
      "Mutation.buy",
      'the template "items:{viewer}" needs the option "viewer" of cacheDirectives.',
    );
  });
});
