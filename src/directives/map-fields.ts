import { MapperKind, mapSchema, type SchemaMapper } from "@graphql-tools/utils";
import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from "graphql";

interface WithDefault {
  readonly name: string;
  defaultValue?: unknown;
}

/** Maps the object types of a schema and their fields, and nothing else. */
export function mapFields(
  schema: GraphQLSchema,
  { type, field }: { type?: TypeMapper; field: FieldMapper },
): GraphQLSchema {
  const mapped = mapSchema(schema, {
    ...(type && { [MapperKind.OBJECT_TYPE]: type }),
    [MapperKind.OBJECT_FIELD]: field,
  });
  keepDefaults(schema, mapped);
  return mapped;
}

type TypeMapper = NonNullable<SchemaMapper[MapperKind.OBJECT_TYPE]>;
type FieldMapper = NonNullable<SchemaMapper[MapperKind.OBJECT_FIELD]>;

/** `mapSchema` takes defaults through `serialize` and `parseValue`, and what that leaves need not be the same. */
function keepDefaults(original: GraphQLSchema, mapped: GraphQLSchema): void {
  for (const type of Object.values(mapped.getTypeMap())) {
    const defaults = new Map(
      withDefaults(original.getType(type.name)).map(([place, { defaultValue }]) => [
        place,
        defaultValue,
      ]),
    );
    for (const [place, holder] of withDefaults(type)) holder.defaultValue = defaults.get(place);
  }
}

/** What may have a default in a type, by its place there. */
function withDefaults(type: GraphQLNamedType | undefined): [place: string, WithDefault][] {
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map((field) => [field.name, field]);
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) =>
    field.args.map((arg): [string, WithDefault] => [`${field.name}(${arg.name}:)`, arg]),
  );
}
