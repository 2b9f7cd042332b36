import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  responsePathAsArray,
} from "graphql";
import { mapFields } from "../directives/map-fields.js";
import { pathText } from "./warm-differs-error.js";

/**
 * A schema that tells which field ran at which path, by the path's text. It wraps every field from outside, past the
 * cache's own wrapping.
 */
export function recordCoordinates(
  schema: GraphQLSchema,
  coordinates: Map<string, string>,
  fieldResolver: GraphQLFieldResolver<never, never> = defaultFieldResolver,
): GraphQLSchema {
  return mapFields(schema, {
    field: (config) => {
      const resolve = (config.resolve ?? fieldResolver) as GraphQLFieldResolver<unknown, unknown>;
      return {
        ...config,
        resolve(this: unknown, source, args, context, info) {
          const path = pathText(responsePathAsArray(info.path));
          coordinates.set(path, `${info.parentType.name}.${info.fieldName}`);
          return resolve.call(this, source, args, context, info);
        },
      };
    },
  });
}
