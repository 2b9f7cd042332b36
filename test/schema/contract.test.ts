import { readFileSync } from "node:fs";
import { makeExecutableSchema } from "@graphql-tools/schema";
import {
  buildSchema,
  type DirectiveNode,
  type GraphQLField,
  isEnumType,
  isObjectType,
  isScalarType,
  print,
  valueFromASTUntyped,
} from "graphql";
import { describe, expect, test } from "vitest";
import { typeDefs as directiveTypeDefs } from "../../src/directives/type-defs.js";
import { resolvers, typeDefs } from "../../src/schema/index.js";

/** The API as it is published: what frontends rely on. */
const contract = buildSchema(readFileSync(new URL("contract.graphql", import.meta.url), "utf8"));
const served = makeExecutableSchema({ typeDefs: [directiveTypeDefs, ...typeDefs], resolvers });

const types = Object.values(contract.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
const fields = types.filter(isObjectType).flatMap((type) =>
  Object.values(type.getFields()).map((field) => ({
    coordinate: `${type.name}.${field.name}`,
    field,
    typeName: type.name,
  })),
);

function servedField(typeName: string, name: string): GraphQLField<unknown, unknown> | undefined {
  const type = served.getType(typeName);
  return isObjectType(type) ? type.getFields()[name] : undefined;
}

const directivesOf = (field: GraphQLField<unknown, unknown> | undefined) =>
  (field?.astNode?.directives ?? []).map((node: DirectiveNode) => ({
    name: node.name.value,
    args: Object.fromEntries(
      (node.arguments ?? []).map((arg) => [arg.name.value, valueFromASTUntyped(arg.value)]),
    ),
  }));

describe("the schema that is served", () => {
  test("was compared with one of the contract's size", () => {
    expect(fields.length).toBeGreaterThan(80);
  });

  test.each(types.map((type) => [type.name, type] as const))("has %s", (name, type) => {
    const ours = served.getType(name);
    expect(ours?.constructor.name).toBe(type.constructor.name);
    if (isEnumType(type) && isEnumType(ours)) {
      const names = (one: typeof type) => one.getValues().map((value) => value.name);
      expect(names(ours)).toEqual(names(type));
    }
    expect(isScalarType(ours) === isScalarType(type)).toBe(true);
  });

  test.each(fields.map((one) => [one.coordinate, one] as const))(
    "has %s, of its type and with its arguments",
    (_coordinate, { field, typeName }) => {
      const ours = servedField(typeName, field.name);
      expect(String(ours?.type)).toBe(String(field.type));
      const argsOf = (one: typeof field | undefined) =>
        (one?.args ?? []).map((arg) => [arg.name, String(arg.type), arg.defaultValue]);
      expect(argsOf(ours)).toEqual(argsOf(field));
    },
  );

  test.each(
    fields
      .filter(({ field }) => directivesOf(field).length > 0)
      .map((one) => [one.coordinate, one] as const),
  )("caches and evicts at %s as it is said", (_coordinate, { field, typeName }) => {
    const ours = directivesOf(servedField(typeName, field.name));
    for (const directive of directivesOf(field)) {
      expect(ours).toContainEqual({
        name: directive.name,
        args: expect.objectContaining(directive.args),
      });
    }
  });

  test.each(["cached", "evictTags"])("has the directive @%s as it is said", (name) => {
    const argsOf = (schema: typeof served) =>
      schema
        .getDirective(name)
        ?.args.map((arg) => [
          arg.name,
          String(arg.type),
          arg.astNode?.defaultValue && print(arg.astNode.defaultValue),
        ]);
    expect(argsOf(served)).toEqual(argsOf(contract));
  });
});
