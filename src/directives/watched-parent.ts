/** A parent as a resolver is given it. */
export interface WatchedParent {
  readonly value: unknown;
  /** Ends the watch: what the resolver keeps, or gives back, of the parent is plain data from then on. */
  release(): void;
}

/**
 * A copy of a parent that tells when anything is read of it but the properties named in `known`. A copy of plain data
 * alone: entries hold nothing else, so any other parent was made in this operation.
 *
 * `lacking` names properties that the parent may lack; that they are not there is read as well. Which properties there
 * are is not watched.
 */
export function watchedParent(
  parent: unknown,
  known: ReadonlySet<string>,
  lacking: readonly string[],
  onRead: () => void,
): WatchedParent {
  if (!isRecord(parent)) return { value: parent, release: () => undefined };
  const original = parent;
  const copy: object = Object.create(Object.getPrototypeOf(original));
  let isWatched = true;
  for (const [name, value] of Object.entries(original)) {
    if (known.has(name)) define(name, value);
    else watch(name, true);
  }
  const absent = lacking.filter((name) => !Object.hasOwn(original, name));
  for (const name of absent) watch(name, false);
  return { value: copy, release };

  function watch(name: string, enumerable: boolean): void {
    Object.defineProperty(copy, name, {
      enumerable,
      configurable: true,
      get: () => {
        onRead();
        release();
        return original[name];
      },
      set: (value) => {
        release();
        define(name, value);
      },
    });
  }

  function release(): void {
    if (!isWatched) return;
    isWatched = false;
    for (const name of absent) delete copy[name as never];
    for (const [name, value] of Object.entries(original)) if (!known.has(name)) define(name, value);
  }

  function define(name: string, value: unknown): void {
    Object.defineProperty(copy, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
