import type { AnyContextOptions } from "./options.js";
import type { MayLack } from "./storable.js";

/**
 * What a stored object need not have: fields that a federated schema declares and others answer, what `resultPaths`
 * supplies, all that was not selected where the resolver gives only that, and anything where the server's own default
 * resolver may read another property.
 */
export function mayLack(
  { fieldResolver, resultPaths = {} }: AnyContextOptions,
  bySelection: boolean,
): MayLack {
  if (fieldResolver || bySelection) return () => true;
  return (coordinate, { astNode, extensions }) =>
    Object.hasOwn(resultPaths, coordinate) ||
    astNode?.directives?.some(({ name }) => name.value === "external") === true ||
    "external" in extensions;
}
