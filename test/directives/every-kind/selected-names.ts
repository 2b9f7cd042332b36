import {
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionSetNode,
} from "graphql";

/** The names selected on a Leaf at the first level, as a resolver reads them that builds its query from `info`. */
export function selectedNames({
  fieldNodes,
  fragments,
  variableValues,
}: GraphQLResolveInfo): string[] {
  const names = new Set<string>();
  for (const { selectionSet } of fieldNodes) if (selectionSet) collect(selectionSet);
  return [...names].sort();

  function collect({ selections }: SelectionSetNode): void {
    for (const node of selections) {
      const skip = getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if;
      const include = getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if;
      if (skip === true || include === false) continue;
      if (node.kind === Kind.FIELD) names.add(node.name.value);
      else if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet);
      else collect((fragments[node.name.value] as FragmentDefinitionNode).selectionSet);
    }
  }
}
