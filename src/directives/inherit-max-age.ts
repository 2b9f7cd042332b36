import {
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  type GraphQLFieldConfig,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  parseType,
} from "graphql";

const inheritMaxAge: ConstDirectiveNode = {
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: "cacheControl" },
  arguments: [
    {
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: "inheritMaxAge" },
      value: { kind: Kind.BOOLEAN, value: true },
    },
  ],
};

/**
 * The names of the object types that lie below some fields, through any field. Apollo counts a field of a composite
 * type without a hint as "never cache", which would undo the hint of the cached field above it.
 */
export function typesBelow(schema: GraphQLSchema, roots: Iterable<GraphQLNamedType>): Set<string> {
  const below = new Set<string>();
  const open = [...roots];
  for (let type = open.pop(); type; type = open.pop()) {
    if (isAbstractType(type)) open.push(...schema.getPossibleTypes(type));
    if (!isObjectType(type) || below.has(type.name)) continue;
    below.add(type.name);
    for (const field of Object.values(type.getFields())) open.push(getNamedType(field.type));
  }
  return below;
}

/**
 * The field's definition as Apollo reads it, with `@cacheControl(inheritMaxAge: true)` where neither the field nor
 * its type has a hint of its own; undefined where nothing changes.
 */
export function withInheritedMaxAge(
  name: string,
  field: GraphQLFieldConfig<unknown, unknown>,
): FieldDefinitionNode | undefined {
  const type = getNamedType(field.type);
  if (!isCompositeType(type)) return undefined;
  const definitions = [field.astNode, type.astNode, ...type.extensionASTNodes];
  if (definitions.some((node) => node?.directives?.some(isCacheControl))) return undefined;
  const definition: FieldDefinitionNode = field.astNode ?? {
    kind: Kind.FIELD_DEFINITION,
    name: { kind: Kind.NAME, value: name },
    type: parseType(String(field.type)),
  };
  return { ...definition, directives: [...(definition.directives ?? []), inheritMaxAge] };
}

/** Whether it is what `apply` added, and not the project's own. */
export function isInheritedMaxAge(directive: ConstDirectiveNode): boolean {
  return directive === inheritMaxAge;
}

function isCacheControl(directive: ConstDirectiveNode): boolean {
  return directive.name.value === "cacheControl";
}
