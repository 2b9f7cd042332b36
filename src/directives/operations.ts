import { type GraphQLResolveInfo, OperationTypeNode } from "graphql";
import { isCoveredBy, olderOf, type Position } from "../cache/position.js";
import type { Cache } from "../cache/types.js";
import { type Age, createLoaderAges } from "./loader-ages.js";
import { chain, isPromise, type MaybePromise } from "./maybe-promise.js";
import type { AnyContextOptions } from "./options.js";
import { createPathMarks, type Path, type PathMarks } from "./path-marks.js";
import { asProblem, type Problems } from "./problems.js";

/** The age of each running operation: how far the eviction log was when the oldest it may see was loaded. */
export interface Operations {
  /** Called before a root field's resolver. A promise only where the log's head must be asked for. */
  begin(context: unknown, info: GraphQLResolveInfo): MaybePromise<void>;
  /** The operation's age; null where it is unknown, so that nothing it loads may be stored. */
  since(info: GraphQLResolveInfo): MaybePromise<Position | null>;
  /**
   * The age of the nearest entry above a nested field, from which its parent may have come; null where that is unknown,
   * undefined where nothing above it is older than the operation.
   */
  sinceAbove(info: GraphQLResolveInfo): Position | null | undefined;
  /** Told of the age of what stands at the field's path, and so of all the parents below it. */
  found(info: GraphQLResolveInfo, since: Position | null): void;
  /** Told of a PRIVATE field: what stands at its path, and below it, belongs to the viewer. */
  markPrivate(info: GraphQLResolveInfo): void;
  /** Whether a parent may have come from a PRIVATE field above. */
  isBelowPrivate(info: GraphQLResolveInfo): boolean;
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

interface Operation {
  age: Age;
  /** Where its root fields stand, by which the two others are found. */
  readonly roots: WeakSet<Path>;
  readonly ages: PathMarks<{ readonly since: Position | null }>;
  readonly privacy: PathMarks<object>;
}

const UNKNOWN: Age = { position: null };
const PRIVATE = {};

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
      const known = operations.get(info.variableValues);
      const operation = known ?? newOperation();
      operation.roots.add(info.path);
      if (!known) {
        operations.set(info.variableValues, operation);
        // Not before its set: sibling root fields, which begin in the same tick, must find it.
        operation.age = ageAtStart(context, info);
      }
      const { position } = operation.age;
      if (isPromise(position)) return position.then(() => undefined);
    },
    since: (info) => operations.get(info.variableValues)?.age.position ?? null,
    sinceAbove: (info) => {
      const operation = operations.get(info.variableValues);
      const found = operation?.ages.above(info.path);
      if (!operation || !found) return undefined;
      const since = found === "unknown" ? null : found.since;
      const { position } = operation.age;
      const isNoOlder = since && position && !isPromise(position) && isCoveredBy(position, since);
      return isNoOlder ? undefined : since;
    },
    found: (info, since) => {
      const ages = operations.get(info.variableValues)?.ages;
      // The entities that a router asks for share a path, and so the age of the oldest.
      const known = ages?.at(info.path);
      ages?.set(info.path, { since: known ? olderOf(known.since, since) : since });
    },
    markPrivate: (info) => {
      operations.get(info.variableValues)?.privacy.set(info.path, PRIVATE);
    },
    isBelowPrivate: (info) =>
      operations.get(info.variableValues)?.privacy.above(info.path) !== undefined,
    renew: async (context, info) => {
      if (!runsAlone(info)) {
        loaders.clear(context);
        return;
      }
      // What is loaded between the head's reading and the clearing is forgotten, and so nothing is older than its age.
      const head = headOf(cache);
      await head.position;
      loaders.clear(context, head);
      const operation = operations.get(info.variableValues);
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
      return UNKNOWN;
    }
  }
}

function newOperation(): Operation {
  const roots = new WeakSet<Path>();
  return { age: UNKNOWN, roots, ages: createPathMarks(roots), privacy: createPathMarks(roots) };
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
    return UNKNOWN;
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
