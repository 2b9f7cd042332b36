import type { GraphQLResolveInfo } from "graphql";

/**
 * A copy of `info` that tells when its selection is read, from the field's nodes or from the operation's document:
 * what a resolver then returns may hang on the selection, which the key knows nothing of. A copy and not a proxy, so
 * that spreading it carries everything along.
 */
export function watchedInfo(info: GraphQLResolveInfo, onRead: () => void): GraphQLResolveInfo {
  const operation = watched(info.operation, "selectionSet", onRead);
  return watched({ ...info, operation }, "fieldNodes", onRead);
}

function watched<T extends object>(original: T, property: keyof T, onRead: () => void): T {
  return Object.defineProperty({ ...original }, property, {
    enumerable: true,
    configurable: true,
    get: () => {
      onRead();
      return original[property];
    },
  });
}
