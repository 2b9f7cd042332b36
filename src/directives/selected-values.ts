import {
  type DirectiveNode,
  type FieldNode,
  type GraphQLDirective,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getArgumentValues,
  type SelectionNode,
  valueFromASTUntyped,
} from "graphql";
import { canonical } from "./canonical.js";
import { argumentText } from "./input-text.js";

type Info = Pick<GraphQLResolveInfo, "schema" | "variableValues">;
type Definition = GraphQLField<unknown, unknown> | GraphQLDirective;

const DECIDED = new Set([GraphQLSkipDirective.name, GraphQLIncludeDirective.name]);

const argumentTexts = new WeakMap<Definition, ReturnType<typeof argumentText>>();

/** The text of a selected field's arguments, or a directive's, with the variables' values. */
export function valuesText(
  definition: Definition,
  node: FieldNode | DirectiveNode,
  { variableValues }: Info,
): string {
  let text = argumentTexts.get(definition);
  if (!text) {
    text = argumentText(definition.args);
    argumentTexts.set(definition, text);
  }
  return text(getArgumentValues(definition, node, variableValues));
}

/** The directives of a node as they stand, `@unit(in:"lb")@dry`, but for `@skip` and `@include`, which are decided. */
export function directivesText({ directives = [] }: SelectionNode, info: Info): string {
  let text = "";
  for (const node of directives) {
    const name = node.name.value;
    if (DECIDED.has(name)) continue;
    const definition = info.schema.getDirective(name);
    text += `@${name}${definition ? valuesText(definition, node, info) : untypedText(node, info)}`;
  }
  return text;
}

/** For a server that lets through what its schema doesn't know. */
function untypedText({ arguments: args = [] }: DirectiveNode, { variableValues }: Info): string {
  return canonical(
    Object.fromEntries(
      args.map(({ name, value }) => [name.value, valueFromASTUntyped(value, variableValues)]),
    ),
  );
}
