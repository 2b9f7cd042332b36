import type { GraphQLResolveInfo } from "graphql";

/** Told when a resolver reads what its key knows nothing of. */
export interface InfoListener {
  onSelection(): void;
  onVariables(): void;
}

const originals = new WeakMap<object, object>();

/**
 * A copy of `info` that tells when its selection is read, from the field's nodes or from the operation's document, or
 * the operation's variables past the field's arguments: what a resolver then returns may hang on them. Told when they
 * are looked into, so that `{ ...info }`, as tracing wraps it, may pass them on.
 *
 * The path and the operation's name and directives are not watched: what traces, logs or names errors reads them, and
 * a result that hangs on them is rarer by far than a false alarm, which would cost a field its cache.
 */
export function watchedInfo(
  info: GraphQLResolveInfo,
  { onSelection, onVariables }: InfoListener,
): GraphQLResolveInfo {
  const { operation, fieldNodes, variableValues } = info;
  return {
    ...info,
    fieldNodes: watched(fieldNodes, onSelection),
    variableValues: watched(variableValues, onVariables),
    operation: { ...operation, selectionSet: watched(operation.selectionSet, onSelection) },
  };
}

/** What is watched, or else the value itself: for what goes by an object's identity and does not look into it. */
export function unwatched<T extends object>(value: T): T {
  const original = originals.get(value);
  // What was watched may have been watched already, where one cached field calls another.
  return original ? unwatched(original as T) : value;
}

function watched<T extends object>(original: T, onRead: () => void): T {
  // A resolver that is called by hand may be given less.
  if (typeof original !== "object" || original === null) return original;
  const watcher = new Proxy(original, {
    get: (target, name) => {
      onRead();
      return Reflect.get(target, name);
    },
    has: (target, name) => {
      onRead();
      return Reflect.has(target, name);
    },
    ownKeys: (target) => {
      onRead();
      return Reflect.ownKeys(target);
    },
    getOwnPropertyDescriptor: (target, name) => {
      onRead();
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
  });
  originals.set(watcher, original);
  return watcher;
}
