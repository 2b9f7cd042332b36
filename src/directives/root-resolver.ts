import type { Environment, Resolver } from "./environment.js";
import { isPromise } from "./maybe-promise.js";

/**
 * Wraps every root field, cached or not: before the first resolver of an operation may see anything, the operation
 * notes how far the eviction log is. Stays synchronous where the log's head is at hand.
 */
export function rootResolver(resolve: Resolver, { operations }: Environment): Resolver {
  return function root(source, args, context, info) {
    const begun = operations.begin(context, info);
    return isPromise(begun)
      ? begun.then(() => resolve.call(this, source, args, context, info))
      : resolve.call(this, source, args, context, info);
  };
}
