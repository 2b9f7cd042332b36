import { type GraphQLScalarType, parseValue } from "graphql";
import { describe, expect, test } from "vitest";
import { scalarResolvers } from "../../src/schema/scalars.resolvers.js";

const scalar = scalarResolvers.Date as GraphQLScalarType<string, string>;
const inAnyForm = [
  ["a variable", (text: string) => scalar.parseValue(text)],
  ["a literal", (text: string) => scalar.parseLiteral(parseValue(JSON.stringify(text)))],
] as const;

describe.each(inAnyForm)("a Date as %s", (_form, read) => {
  test.each(["0001-01-01", "2024-02-29", "9999-12-31"])("can be %s", (text) => {
    expect(read(text)).toBe(text);
  });

  test.each(["0000-01-01", "0000-12-31", "2015-02-29", "2015-1-1", "-2015-01-01", ""])(
    "cannot be %j",
    (text) => {
      expect(() => read(text)).toThrow(`Value is not a valid LocalDate: ${text}`);
    },
  );
});
