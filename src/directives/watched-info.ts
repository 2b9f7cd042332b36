import type { GraphQLResolveInfo } from "graphql";

/**
 * A copy of `info` that tells when its selection is read: what a resolver then returns may hang on the selection,
 * which the key knows nothing of. A copy and not a proxy, so that spreading it carries everything along.
 */
export function watchedInfo(info: GraphQLResolveInfo, onRead: () => void): GraphQLResolveInfo {
  return Object.defineProperty({ ...info }, "fieldNodes", {
    enumerable: true,
    configurable: true,
    get: () => {
      onRead();
      return info.fieldNodes;
    },
  });
}
