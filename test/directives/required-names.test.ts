import { type FieldDefinitionNode, type ObjectTypeDefinitionNode, parse } from "graphql";
import { expect, test } from "vitest";
import { requiredNames } from "../../src/directives/required-names.js";

function namesOf(directives: string): string[] {
  const [type] = parse(`type Parcel { freight: Int ${directives} }`).definitions;
  const [astNode] = (type as ObjectTypeDefinitionNode).fields as FieldDefinitionNode[];
  return requiredNames({ astNode });
}

test.each([
  ['@requires(fields: "weight box { height }")', ["box", "weight"]],
  ['@needs(fields: "weight") @cached(ttl: 60)', ["weight"]],
  ['@provides(fields: "weight")', []],
  ['@federation__provides(fields: "weight")', []],
  ['@requires(fields: "{{")', []],
  ["@cached(ttl: 60)", []],
])("what a field requires of its parent, by %s", (directives, names) => {
  expect(namesOf(directives)).toEqual(names);
});
