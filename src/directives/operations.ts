import type { GraphQLResolveInfo } from "graphql";
import type { Position } from "../cache/position.js";
import type { Cache } from "../cache/types.js";
import { isPromise, type MaybePromise } from "./maybe-promise.js";

/** The age of each running query: how far the eviction log was when it began. */
export interface Operations {
  /** Called before a root field's resolver. A promise only where the log's head must be asked for. */
  begin(info: GraphQLResolveInfo): MaybePromise<void>;
  /** The operation's age; null where it is unknown, so that nothing it loads may be stored. */
  since(info: GraphQLResolveInfo): MaybePromise<Position | null>;
  /** Called when what the operation remembers was cleared: from here on it is as new as the log's head. */
  renew(info: GraphQLResolveInfo): void;
}

interface Operation {
  since: MaybePromise<Position | null>;
}

/**
 * Operations are told apart by their coerced variables, an object that GraphQL.js makes for each execution. An
 * executor that shares it between executions makes an operation look older than it is, which errs on the safe side.
 */
export function createOperations(cache: Pick<Cache, "position">): Operations {
  const operations = new WeakMap<object, Operation>();

  return {
    begin: (info) => {
      const known = operations.get(info.variableValues);
      const operation = known ?? { since: null };
      if (!known) {
        operations.set(info.variableValues, operation);
        // Not before its set: sibling root fields, which begin in the same tick, must find it.
        takeHead(operation);
      }
      if (isPromise(operation.since)) return operation.since.then(() => undefined);
    },
    since: (info) => operations.get(info.variableValues)?.since ?? null,
    renew: (info) => {
      const operation = operations.get(info.variableValues);
      if (operation) takeHead(operation);
    },
  };

  function takeHead(operation: Operation): void {
    let head: MaybePromise<Position | null>;
    try {
      head = cache.position();
    } catch {
      head = null;
    }
    if (!isPromise(head)) {
      operation.since = head;
      return;
    }
    const asked: Promise<Position | null> = head
      .catch(() => null)
      .then((position) => {
        // A renewal meanwhile has asked again.
        if (operation.since === asked) operation.since = position;
        return position;
      });
    operation.since = asked;
  }
}
