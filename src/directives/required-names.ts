import { type GraphQLField, Kind, parse } from "graphql";

/**
 * The properties of the parent that a field of an entity `@requires`. They are none of the entity's own: the router
 * brings them anew each time from another subgraph, whose evictions are unknown here, and may bring others for another
 * viewer.
 *
 * By the directive's argument, since `@link` may bring it in under another name; but not what `@provides` names of its
 * own result.
 */
export function requiredNames({
  astNode,
}: Pick<GraphQLField<unknown, unknown>, "astNode">): string[] {
  const directives = (astNode?.directives ?? []).filter(({ name }) => !PROVIDES.test(name.value));
  const fieldSets = directives.flatMap((directive) =>
    (directive.arguments ?? []).flatMap(({ name, value }) =>
      name.value === "fields" && value.kind === Kind.STRING ? [value.value] : [],
    ),
  );
  return [...new Set(fieldSets.flatMap(topNames))].sort();
}

const PROVIDES = /^(?:.+__)?provides$/;

function topNames(fieldSet: string): string[] {
  try {
    const [operation] = parse(`{${fieldSet}}`).definitions;
    const selections = operation && "selectionSet" in operation && operation.selectionSet;
    return (selections ? selections.selections : []).flatMap((node) =>
      node.kind === Kind.FIELD ? [node.name.value] : [],
    );
  } catch {
    // The composition of the graph tells of it.
    return [];
  }
}
