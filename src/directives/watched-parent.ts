import { isRecord } from "./is-record.js";

/** A parent as a resolver is given it. */
export interface WatchedParent {
  readonly value: unknown;
  /** Ends the watch: what the resolver keeps, or gives back, of the parent is plain data from then on. */
  release(): void;
}

/**
 * A copy of a parent that tells when anything is read of it but the properties named in `known`. Of plain data alone:
 * any other parent, which an uncached resolver may have made of what is old, counts as read at once.
 *
 * `lacking` names properties that the parent may lack; that they are not there is read as well, by asking for them or
 * by `in`. Which properties there are is not watched otherwise.
 */
export function watchedParent(
  parent: unknown,
  known: ReadonlySet<string>,
  lacking: readonly string[],
  onRead: () => void,
): WatchedParent {
  if (!isRecord(parent)) {
    onRead();
    return { value: parent, release: () => undefined };
  }
  const original = parent;
  const prototype: object | null = Object.getPrototypeOf(original);
  const absent = new Set(lacking.filter((name) => !Object.hasOwn(original, name)));
  const copy: object = Object.create(absent.size > 0 ? watchedPrototype() : prototype);
  const watched = new Map<string | symbol, PropertyDescriptor>();
  let isWatched = true;
  for (const name of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, name) as PropertyDescriptor;
    if (known.has(name as string)) Object.defineProperty(copy, name, changeable(property));
    else watch(name, property);
  }
  return { value: copy, release };

  function watch(name: string | symbol, property: PropertyDescriptor): void {
    watched.set(name, property);
    Object.defineProperty(copy, name, {
      enumerable: property.enumerable ?? true,
      configurable: true,
      get: () => {
        noteRead();
        return original[name];
      },
      set: (value) => define(name, value),
    });
  }

  /** Not on the copy itself, which would have what it lacks, and no proxy of the copy, which could not be cloned. */
  function watchedPrototype(): object {
    const note = (name: string | symbol) => {
      if (absent.has(name as string)) noteRead();
    };
    return new Proxy(Object.create(prototype), {
      get: (target, name, receiver) => {
        note(name);
        return Reflect.get(target, name, receiver);
      },
      has: (target, name) => {
        note(name);
        return Reflect.has(target, name);
      },
      set: (_target, name, value) => {
        define(name, value);
        return true;
      },
    });
  }

  function noteRead(): void {
    if (!isWatched) return;
    onRead();
    release();
  }

  function release(): void {
    if (!isWatched) return;
    isWatched = false;
    for (const [name, property] of watched) Object.defineProperty(copy, name, changeable(property));
    if (absent.size > 0) Object.setPrototypeOf(copy, prototype);
  }

  function define(name: string | symbol, value: unknown): void {
    // What the resolver wrote is not written over when the watch ends.
    watched.delete(name);
    Object.defineProperty(copy, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

/** As it is on the original, which may be frozen. An accessor stays one: it may throw, or be dear. */
function changeable(property: PropertyDescriptor): PropertyDescriptor {
  return { ...property, ...("value" in property && { writable: true }), configurable: true };
}
