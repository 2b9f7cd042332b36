import { defaultFieldResolver } from "graphql";

/** As graphql-tools leaves it where it was given for a field: it binds all resolvers. */
const BOUND_DEFAULT = `bound ${defaultFieldResolver.name}`;

interface Resolved {
  readonly resolve?: unknown;
}

/** False for a field that is read from its parent's property, whether by nothing or by GraphQL.js's own resolver. */
export function hasOwnResolver({ resolve }: Resolved): boolean {
  return mayHaveOwnResolver({ resolve }) && (resolve as { name?: unknown }).name !== BOUND_DEFAULT;
}

/** True also for one that is bound: of that nothing is seen but its name, which one of the project's own may have. */
export function mayHaveOwnResolver({ resolve }: Resolved): boolean {
  return resolve != null && resolve !== defaultFieldResolver;
}
