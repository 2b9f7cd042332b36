import { type GraphQLResolveInfo, OperationTypeNode } from "graphql";
import { olderOf, type Position } from "../cache/position.js";
import type { Cache } from "../cache/types.js";
import { type Age, createLoaderAges, UNKNOWN_AGE } from "./loader-ages.js";
import { chain, isPromise, type MaybePromise } from "./maybe-promise.js";
import { Operation } from "./operation.js";
import type { AnyContextOptions } from "./options.js";
import { asProblem, type Problems } from "./problems.js";
import { unwatched } from "./watched-info.js";

/** The running operations. */
export interface Operations {
  /** Called before a root field's resolver. A promise only where the log's head must be asked for. */
  begin(context: unknown, info: GraphQLResolveInfo): MaybePromise<void>;
  /** The operation that a field belongs to. Of one that never began nothing is known, its age included. */
  of(info: GraphQLResolveInfo): Operation;
  /**
   * Called after an eviction of the operation's own: its loaders forget what they know. Below a field that runs by
   * itself, as those of Mutation do, both are as new as the log's head from here on. Other fields have siblings under
   * way, with parents and values from before the eviction, and the ages stay.
   *
   * @throws what the option `loaders`, or a loader, throws; both are then as old as before.
   */
  renew(context: unknown, info: GraphQLResolveInfo): Promise<void>;
  /** Makes the loaders of a background refresh's context forget: a refresh counts as no older than its start. */
  forget(context: unknown): void;
}

/**
 * Operations are told apart by their coerced variables, an object that GraphQL.js makes for each execution. An
 * executor that shares it between executions makes an operation look older than it is, which errs on the safe side.
 */
export function createOperations(
  cache: Pick<Cache, "position">,
  loadersOf: AnyContextOptions["loaders"],
  problems: Problems,
): Operations {
  const operations = new WeakMap<object, Operation>();
  const loaders = createLoaderAges(loadersOf);

  return {
    begin: (context, info) => {
      const known = operations.get(executionOf(info));
      const operation = known ?? new Operation();
      operation.addRoot(info.path);
      if (!known) {
        operations.set(executionOf(info), operation);
        // Not before its set: sibling root fields, which begin in the same tick, must find it.
        operation.age = ageAtStart(context, info);
      }
      const { position } = operation.age;
      if (isPromise(position)) return position.then(() => undefined);
    },
    // Asked for each field, and nearly always found at once.
    of: (info) =>
      operations.get(info.variableValues) ?? operations.get(executionOf(info)) ?? new Operation(),
    renew: async (context, info) => {
      if (!runsAlone(info)) {
        loaders.clear(context);
        return;
      }
      // What is loaded between the head's reading and the clearing is forgotten, and so nothing is older than its age.
      const head = headOf(cache);
      await head.position;
      loaders.clear(context, head);
      const operation = operations.get(executionOf(info));
      if (operation) operation.age = head;
    },
    forget: (context) => loaders.clear(context),
  };

  function ageAtStart(context: unknown, info: GraphQLResolveInfo): Age {
    const head = headOf(cache);
    try {
      return oldest(new Set([head, ...loaders.see(context, head)]));
    } catch (error) {
      const coordinate = `${info.parentType.name}.${info.fieldName}`;
      const consequence = "nothing of the operation is cached, since its loaders are unknown";
      problems.report(coordinate, "loaders", asProblem(coordinate, consequence, error));
      return UNKNOWN_AGE;
    }
  }
}

/** Itself where a cached field calls this one, and watches what it hands on. */
export function executionOf({ variableValues }: GraphQLResolveInfo): object {
  return unwatched(variableValues);
}

/** The fields of Mutation run one after the other, each with all below it. */
function runsAlone({ operation, path }: GraphQLResolveInfo): boolean {
  return operation.operation === OperationTypeNode.MUTATION && path.prev === undefined;
}

/** Positions of different epochs never compare, so of these none is known to be the oldest. */
function oldest(ages: ReadonlySet<Age>): Age {
  return [...ages].reduce((a, b) =>
    ageOnce(chain(a.position, (left) => chain(b.position, (right) => olderOf(left, right)))),
  );
}

function headOf(cache: Pick<Cache, "position">): Age {
  try {
    const head = cache.position();
    return ageOnce(isPromise(head) ? head.catch(() => null) : head);
  } catch {
    return UNKNOWN_AGE;
  }
}

/** At hand as soon as it is known, so that later fields of the operation stay synchronous. */
function ageOnce(position: MaybePromise<Position | null>): Age {
  const age = { position };
  if (isPromise(position)) {
    age.position = position.then((known) => {
      age.position = known;
      return known;
    });
  }
  return age;
}
