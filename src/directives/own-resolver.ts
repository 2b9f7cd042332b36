import { defaultFieldResolver } from "graphql";

/** As graphql-tools leaves it where it was given for a field: it binds all resolvers. */
const BOUND_DEFAULT = `bound ${defaultFieldResolver.name}`;

/** False for a field that is read from its parent's property, whether by nothing or by GraphQL.js's own resolver. */
export function hasOwnResolver({ resolve }: { readonly resolve?: unknown }): boolean {
  if (typeof resolve !== "function") return false;
  return resolve !== defaultFieldResolver && resolve.name !== BOUND_DEFAULT;
}
