import type { Position } from "../cache/position.js";
import { isRecord } from "./is-record.js";
import type { MaybePromise } from "./maybe-promise.js";
import type { AnyContextOptions, ClearableLoader } from "./options.js";

/** How far the eviction log was at some moment; null where that is unknown. A promise until the store has said it. */
export interface Age {
  readonly position: MaybePromise<Position | null>;
}

export const UNKNOWN_AGE: Age = { position: null };

/**
 * How old what a loader remembers may be. Loaders can outlive an operation (batched HTTP, a context for each
 * connection), and one that remembers what it loaded before an eviction gives it to operations begun after it.
 */
export interface LoaderAges {
  /**
   * The ages of a context's loaders; those never seen before begin to remember `now`.
   *
   * @throws what the option `loaders` throws, and TypeError where that hides them
   */
  see(context: unknown, now: Age): Age[];
  /**
   * Makes a context's loaders forget. `now`, known before, is their new age.
   *
   * @throws what the option `loaders`, or a loader, throws.
   */
  clear(context: unknown, now?: Age): void;
}

export function createLoaderAges(loadersOf: AnyContextOptions["loaders"]): LoaderAges {
  const ages = new WeakMap<object, Age>();

  return {
    see: (context, now) => {
      const { loaders, holder } = given(context);
      const seen = [...loaders, ...holder].filter(isObject).map((keeper) => ageOf(keeper, now));
      // What holds none is noted and not counted, since it may be one constant for all who have none.
      return loaders.length > 0 ? seen : [];
    },
    clear: (context, now) => {
      const { loaders, holder } = given(context);
      for (const loader of loaders) loader.clearAll();
      if (!now) return;
      for (const keeper of [...loaders, ...holder]) if (isObject(keeper)) ages.set(keeper, now);
    },
  };

  /** The loaders, and what holds them: into a record that outlives an operation, loaders may be put while it runs. */
  function given(context: unknown): { loaders: ClearableLoader[]; holder: object[] } {
    const holder = loadersOf?.(context as never);
    if (!holder) return { loaders: [], holder: [] };
    const loaders: Iterable<ClearableLoader> =
      Symbol.iterator in holder
        ? (holder as Iterable<ClearableLoader>)
        : Object.values(holder as Readonly<Record<string, ClearableLoader>>);
    if (!(Symbol.iterator in holder)) refuseHidden(holder);
    return { loaders: [...loaders], holder: [holder] };
  }

  function ageOf(keeper: object, now: Age): Age {
    const known = ages.get(keeper);
    if (!known) ages.set(keeper, now);
    return known ?? now;
  }
}

/** An instance whose loaders are all behind getters of its class would count as one that has none. */
function refuseHidden(holder: object): void {
  if (isRecord(holder) || Object.keys(holder).length > 0) return;
  const made = holder.constructor?.name ?? "a class";
  throw new TypeError(
    `the option "loaders" must give loaders in an iterable or a record, but gave an instance of ${made} that has none of its own`,
  );
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
