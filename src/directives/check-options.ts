import { type GraphQLSchema, isInterfaceType, isObjectType } from "graphql";
import { InvalidOptionError } from "../cache/errors.js";
import { directiveError } from "./errors.js";
import type { AnyContextOptions } from "./options.js";

const KNOWN: Readonly<Record<keyof AnyContextOptions, true>> = {
  viewer: true,
  vary: true,
  authorize: true,
  loaders: true,
  refreshContext: true,
  resultPaths: true,
  fieldResolver: true,
  externalTags: true,
  onProblem: true,
};

/**
 * A misspelt option would be left out without a word: `authorise` would let everybody in.
 *
 * @throws InvalidOptionError naming the options there are.
 */
export function refuseUnknownOptions(options: object): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(KNOWN, name)) continue;
    const known = Object.keys(KNOWN).join(", ");
    throw new InvalidOptionError(
      `cacheDirectives knows the options ${known}; "${name}" is not one of them.`,
    );
  }
}

/**
 * Holds the options that name fields against the schema: a misspelt coordinate in `authorize` would protect nothing.
 *
 * @throws DirectiveError naming the option and the coordinate that no field has.
 */
export function checkOptions(schema: GraphQLSchema, options: AnyContextOptions): void {
  for (const option of ["authorize", "resultPaths"] as const) {
    for (const coordinate of Object.keys(options[option] ?? {})) {
      const [typeName = "", fieldName = "", ...rest] = coordinate.split(".");
      const type = schema.getType(typeName);
      const isAllowed = isObjectType(type) || (option === "resultPaths" && isInterfaceType(type));
      if (!isAllowed || rest.length > 0 || !type.getFields()[fieldName]) {
        throw directiveError(
          coordinate,
          `the option "${option}" names a field that the schema lacks.`,
        );
      }
    }
  }
}
