import { makeExecutableSchema } from "@graphql-tools/schema";
import { expect } from "vitest";
import { DirectiveError } from "../../../src/cache/errors.js";
import { cacheDirectives } from "../../../src/directives/cache-directives.js";
import type { CacheDirectivesOptions } from "../../../src/directives/options.js";
import { createTestCache } from "./cached-schema.js";

/** Builds a schema with the directives applied. */
export function build(typeDefs: string, options: CacheDirectivesOptions = {}): void {
  const directives = cacheDirectives(createTestCache(), options);
  directives.apply(makeExecutableSchema({ typeDefs: [directives.typeDefs, typeDefs] }));
}

export const types = `
  type Item { id: ID! name: String tags: [String!] maker: Maker  parts(first: Int): [Part!]! thing: Thing other: Other }
  type Maker { id: ID! items: [Item!]! }
  type Part { number: Int! makers: [Maker!]! }
  union Thing = Item | Maker
  union Other = Item | Part
  input Filter { name: String deep: Filter maker: ID }
`;

/** A schema whose field `Query.item` has the given directive. */
export const item = (directive: string): string =>
  `${types} type Query { item(id: ID, filter: Filter, ids: [ID!]): Item ${directive} }`;

export const viewer = () => "ada";

export function expectRefusal(
  typeDefs: string,
  coordinate: string,
  message: string,
  options: CacheDirectivesOptions = {},
): void {
  let error: unknown;
  try {
    build(typeDefs, options);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(DirectiveError);
  expect(error).toMatchObject({
    code: "E_DIRECTIVE",
    coordinate,
    message: `${coordinate}: ${message}`,
  });
}
