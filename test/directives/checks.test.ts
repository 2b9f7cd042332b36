import { makeExecutableSchema } from "@graphql-tools/schema";
import { defaultFieldResolver, type GraphQLObjectType } from "graphql";
import { describe, expect, test } from "vitest";
import { InvalidOptionError } from "../../src/cache/errors.js";
import { cacheDirectives } from "../../src/directives/cache-directives.js";
import { createTestCache } from "./support/cached-schema.js";
import { build, expectRefusal, item, types, viewer } from "./support/refusals.js";

describe("@cached is refused", () => {
  test.each([
    ["ttl: 0", "@cached(ttl:) must be greater than 0 seconds, but is 0."],
    ["ttl: -5", "@cached(ttl:) must be greater than 0 seconds, but is -5."],
    ["ttl: 1, nullTtl: -1", "@cached(nullTtl:) must be 0 seconds or more, but is -1."],
    [
      "ttl: 1, staleWhileRevalidate: -1",
      "@cached(staleWhileRevalidate:) must be 0 seconds or more, but is -1.",
    ],
    ["ttl: 1, staleIfError: -1", "@cached(staleIfError:) must be 0 seconds or more, but is -1."],
    [
      "ttl: 31536001",
      "@cached(ttl:) must be 31536000 seconds (a year) at the most, but is 31536001.",
    ],
    [
      "ttl: 1, nullTtl: 31536001",
      "@cached(nullTtl:) must be 31536000 seconds (a year) at the most, but is 31536001.",
    ],
    [
      "ttl: 1, staleWhileRevalidate: 31536001",
      "@cached(staleWhileRevalidate:) must be 31536000 seconds (a year) at the most, but is 31536001.",
    ],
    [
      "ttl: 1, staleIfError: 31536001",
      "@cached(staleIfError:) must be 31536000 seconds (a year) at the most, but is 31536001.",
    ],
    [
      "ttl: 1, scope: PRIVATE",
      '@cached(scope: PRIVATE) needs the option "viewer" of cacheDirectives.',
    ],
    [
      'ttl: 1, vary: ["locale"]',
      '@cached(vary: ["locale"]) names nothing in the option "vary" of cacheDirectives, which has none.',
    ],
    ['ttl: 1, key: "{args.id}"', "@cached(key:) tells parents apart, but Query has none."],
  ])("with %s", (args, message) => {
    expectRefusal(item(`@cached(${args})`), "Query.item", message);
  });

  test("for none of its times up to a year", () => {
    const year =
      "ttl: 31536000, nullTtl: 31536000, staleWhileRevalidate: 31536000, staleIfError: 31536000";
    expect(() => build(item(`@cached(${year})`))).not.toThrow();
  });

  test("on a mutation and on a subscription", () => {
    expectRefusal(
      `${types} type Query { item: Item } type Mutation { buy: Item @cached(ttl: 1) }`,
      "Mutation.buy",
      "@cached may not stand on a field of Mutation, whose answers are not to be repeated.",
    );
    expectRefusal(
      `${types} type Query { item: Item } type Subscription { sold: Item @cached(ttl: 1) }`,
      "Subscription.sold",
      "@cached may not stand on a field of Subscription, whose answers are not to be repeated.",
    );
  });

  test("below a parent that nothing tells apart", () => {
    const typeDefs = (directive: string): string =>
      `type Query { a: A } type A { number: Int! many: [Int!] name: String ${directive} }`;
    expectRefusal(
      typeDefs("@cached(ttl: 1)"),
      "A.name",
      'nothing tells one A from another: it has no field "id", and @cached has no "key".',
    );
    expectRefusal(
      typeDefs('@cached(ttl: 1, key: "{parent.many}")'),
      "A.name",
      '@cached(key: "{parent.many}") may not go through a list.',
    );
    expectRefusal(
      typeDefs('@cached(ttl: 1, key: "{args.id}")'),
      "A.name",
      'the template "{args.id}" may begin a path with {parent.*}, but begins one with "args".',
    );
    expect(() => build(typeDefs('@cached(ttl: 1, key: "{parent.number}")'))).not.toThrow();
    expectRefusal(
      typeDefs('@cached(ttl: 1, key: "parent.number")'),
      "A.name",
      '@cached(key: "parent.number") must hold a {parent.*}, or all parents would share one entry.',
    );
  });

  test("at a root, with a tag that names its parent", () => {
    expectRefusal(
      'type Query { a: Int @cached(ttl: 1, tags: ["a:{parent.b}"]) b: Int }',
      "Query.a",
      'the template "a:{parent.b}" may begin a path with {args.*}, {result.*}, {viewer}, but begins one with "parent".',
    );
  });

  test("where all viewers would share what belongs to one", () => {
    const typeDefs = (type: string, own: string): string =>
      `type Query { item: ${type} @cached(ttl: 1) } interface Node { id: ID! } union Thing = Item | Box
       type Box implements Node { id: ID! item: Item }
       type Item implements Node { id: ID! note: String ${own} }`;
    for (const type of ["Item", "[Box!]!", "Node", "[Thing]"]) {
      expectRefusal(
        typeDefs(type, "@cached(ttl: 1, scope: PRIVATE)"),
        "Query.item",
        "all viewers share its entry, which would hold Item.note: that is PRIVATE, but has no resolver of its own. " +
          "Give Item.note a resolver, or Query.item the scope PRIVATE.",
        { viewer },
      );
      expect(() => build(typeDefs(type, "@cached(ttl: 1)"))).not.toThrow();
    }
  });

  test("where all would, by GraphQL.js's own resolver", () => {
    const schema = makeExecutableSchema({
      typeDefs: [
        cacheDirectives(createTestCache()).typeDefs,
        `type Query { item: Item @cached(ttl: 1) }
         type Item { note: String @cached(ttl: 1, scope: PRIVATE, key: "{parent.note}") }`,
      ],
    });
    const { note } = (schema.getType("Item") as GraphQLObjectType).getFields();
    Object.assign(note ?? {}, { resolve: defaultFieldResolver });
    expect(() => cacheDirectives(createTestCache(), { viewer }).apply(schema)).toThrow(
      "Query.item: all viewers share its entry, which would hold Item.note",
    );
  });

  test("where all would, by GraphQL.js's own resolver as graphql-tools binds it", () => {
    const directives = cacheDirectives(createTestCache(), { viewer });
    const schema = makeExecutableSchema({
      typeDefs: [
        directives.typeDefs,
        `type Query { item: Item @cached(ttl: 1) }
         type Item { note: String @cached(ttl: 1, scope: PRIVATE, key: "{parent.note}") }`,
      ],
      resolvers: { Item: { note: defaultFieldResolver } },
    });
    expect(() => directives.apply(schema)).toThrow(
      "Query.item: all viewers share its entry, which would hold Item.note",
    );
  });

  test("where its entry would be the same for all that a field in it varies by", () => {
    const typeDefs = (vary: string): string =>
      `type Query { item: Box @cached(ttl: 1${vary}) } type Box { item: Item }
       type Item { id: ID! name: String @cached(ttl: 1, vary: ["locale", "tenant"]) }`;
    const vary = { locale: () => "de", tenant: () => "a" };
    for (const [own, missing] of [
      ["", "locale"],
      [', vary: ["locale"]', "tenant"],
    ] as const) {
      expectRefusal(
        typeDefs(own),
        "Query.item",
        `its entry would hold Item.name: that varies by "${missing}", but has no resolver of its own. ` +
          "Give Item.name a resolver, or Query.item the same vary.",
        { vary },
      );
    }
    expect(() => build(typeDefs(', vary: ["tenant", "locale"]'), { vary })).not.toThrow();
    // The server's own may choose by the context what it reads.
    const fieldResolver = () => null;
    expect(() => build(typeDefs(""), { vary, fieldResolver })).not.toThrow();
  });

  test("beside @evictTags", () => {
    expectRefusal(
      item('@cached(ttl: 1, tags: ["a"]) @evictTags(tags: ["a"])'),
      "Query.item",
      "@cached and @evictTags may not stand on one field.",
    );
  });
});

describe("@evictTags", () => {
  const evicting = (
    tag: string,
    cached = '@cached(ttl: 1, tags: ["item:{args.id}", "menu"])',
  ): string => `${item(cached)} type Mutation { buy(id: ID!): Item @evictTags(tags: ["${tag}"]) }`;

  test.each(["menu", "item:{args.id}", "item:{result.id}", "item:{result.maker.id}", "item:7"])(
    "may name %s, under which a cached field can be filed",
    (tag) => {
      expect(() => build(evicting(tag))).not.toThrow();
    },
  );

  test.each(["menus", "men", "item", "items:{args.id}", "item:{args.id}:all", "item:a:b"])(
    "may not name %s, under which none can be",
    (tag) => {
      expectRefusal(
        evicting(tag),
        "Mutation.buy",
        `@evictTags names "${tag}", but no @cached field can be filed under it. ` +
          'Tags that are filed outside the schema belong in the option "externalTags".',
      );
    },
  );

  test("may not name nothing", () => {
    expectRefusal(
      `${item("@cached(ttl: 1)")} type Mutation { buy: Item @evictTags(tags: []) }`,
      "Mutation.buy",
      "@evictTags(tags:) must name a tag, but is empty.",
    );
  });

  test("may name what externalTags excuse", () => {
    expect(() =>
      build(evicting("stock:{args.id}"), { externalTags: ["stock:{sku}"] }),
    ).not.toThrow();
    expectRefusal(
      evicting("menu"),
      "externalTags",
      'The template "stock:{" has a "{" that nothing closes.',
      { externalTags: ["stock:{"] },
    );
  });

  test("may name the viewer's own tag where something is PRIVATE", () => {
    const typeDefs = evicting("viewer:{args.id}", "@cached(ttl: 1, scope: PRIVATE)");
    expect(() =>
      build(`${typeDefs} extend type Query { menu: Int @cached(ttl: 1, tags: ["menu"]) }`, {
        viewer,
      }),
    ).not.toThrow();
    expect(() => build(evicting("viewer:{args.id}"))).toThrow("no @cached field can be filed");
  });

  test("may not stand on a subscription, nor name a parent that is none", () => {
    expectRefusal(
      `${item('@cached(ttl: 1, tags: ["a"])')} type Subscription { sold: Item @evictTags(tags: ["a"]) }`,
      "Subscription.sold",
      "@evictTags may not stand on a subscription field, which runs once for each subscriber and event.",
    );
    expectRefusal(
      evicting("item:{parent.id}"),
      "Mutation.buy",
      'the template "item:{parent.id}" may begin a path with {args.*}, {result.*}, {viewer}, but begins one with "parent".',
    );
  });
});

test.each([
  [{ viewer }, "an object"],
  [undefined, "undefined"],
])("The cache may not be left out", (given, told) => {
  const make = () => cacheDirectives(given as never);
  expect(make).toThrow(InvalidOptionError);
  expect(make).toThrow(`cache must be a cache, but got: ${told}`);
});

describe("the options", () => {
  test("may not hold one that is not known, as a misspelt one", () => {
    const misspelt = { viewer, authorise: { "Query.item": () => false } };
    const build = () => cacheDirectives(createTestCache(), misspelt);
    expect(build).toThrow(InvalidOptionError);
    expect(build).toThrow(
      "cacheDirectives knows the options viewer, vary, authorize, loaders, refreshContext, resultPaths, fieldResolver, " +
        'externalTags, onProblem; "authorise" is not one of them.',
    );
  });

  test.each(["authorize", "resultPaths"] as const)(
    "%s may not name a field that is not there",
    (option) => {
      for (const coordinate of [
        "Query.itme",
        "Items.id",
        "Query",
        "Query.item.id",
        "Filter.name",
      ]) {
        expectRefusal(
          item(""),
          coordinate,
          `the option "${option}" names a field that the schema lacks.`,
          { [option]: { [coordinate]: () => true } },
        );
      }
      expect(() => build(item(""), { [option]: { "Query.item": () => true } })).not.toThrow();
    },
  );

  test.each([
    ["authorize", undefined, "undefined"],
    ["authorize", null, "null"],
    ["resultPaths", { id: 1 }, "object"],
  ] as const)(
    "%s may not give %s for a function, which would guard nothing",
    (option, given, told) => {
      expectRefusal(
        item(""),
        "Query.item",
        `the option "${option}" must give a function, but gives ${told}.`,
        { [option]: { "Query.item": given } },
      );
    },
  );

  test.each([
    [{ locale: "de" }, "string"],
    [{ locale: null }, "null"],
  ])(
    "vary may not give what is no function, by which nothing could be told apart",
    (vary, told) => {
      expectRefusal(
        item('@cached(ttl: 1, vary: ["locale"])'),
        "Query.item",
        `the option "vary" must give a function for "locale", but gives ${told}.`,
        { vary: vary as never },
      );
    },
  );

  test("authorize may not name an interface's field, which has no resolver to guard", () => {
    const typeDefs = `type Query { node: Node } interface Node { id: ID! } type Item implements Node { id: ID! }`;
    const allow = () => true;
    expectRefusal(
      typeDefs,
      "Node.id",
      'the option "authorize" must name fields of object types, but Node is an interface. ' +
        "Name the field of each type that implements it.",
      { authorize: { "Node.id": allow } },
    );
    expect(() => build(typeDefs, { authorize: { "Item.id": allow } })).not.toThrow();
  });
});
