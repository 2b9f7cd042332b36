import { type GraphQLSchema, isInterfaceType, isObjectType } from "graphql";
import { checkOptionNames, wrong } from "../cache/check-values.js";
import type { Cache } from "../cache/types.js";
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

/** Without one every cached field would fail. @throws InvalidOptionError */
export function refuseMissingCache(cache: Partial<Cache> | undefined): void {
  if (typeof cache?.lookup !== "function") throw wrong("cache", "a cache", cache);
}

/** @throws InvalidOptionError */
export function refuseUnknownOptions(options: object): void {
  checkOptionNames("cacheDirectives", options, KNOWN);
}

/**
 * Holds the options that name fields against the schema: a misspelt coordinate in `authorize` would protect nothing.
 *
 * @throws DirectiveError naming the option and the coordinate that no field has, or that the option cannot name.
 */
export function checkOptions(schema: GraphQLSchema, options: AnyContextOptions): void {
  for (const option of ["authorize", "resultPaths"] as const) {
    for (const coordinate of Object.keys(options[option] ?? {})) {
      const [typeName = "", fieldName = "", ...rest] = coordinate.split(".");
      const type = schema.getType(typeName);
      const hasFields = isObjectType(type) || isInterfaceType(type);
      if (!hasFields || rest.length > 0 || !type.getFields()[fieldName]) {
        throw directiveError(
          coordinate,
          `the option "${option}" names a field that the schema lacks.`,
        );
      }
      const given: unknown = options[option]?.[coordinate];
      if (typeof given !== "function") {
        throw directiveError(
          coordinate,
          `the option "${option}" must give a function, but gives ${given === null ? "null" : typeof given}.`,
        );
      }
      if (option === "authorize" && isInterfaceType(type)) {
        throw directiveError(
          coordinate,
          `the option "authorize" must name fields of object types, but ${typeName} is an interface. ` +
            "Name the field of each type that implements it.",
        );
      }
    }
  }
}
