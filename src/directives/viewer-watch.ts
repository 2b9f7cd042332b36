import { AsyncLocalStorage } from "node:async_hooks";
import { PrivacyError } from "../cache/errors.js";
import { disregard } from "./maybe-promise.js";
import type { AnyContextOptions } from "./options.js";
import type { Problems } from "./problems.js";

/** Notices resolvers of PUBLIC fields that read who asks: all viewers would be shown what was made for the first. */
export interface ViewerWatch {
  /** Runs the load of a PUBLIC field; `vary` names what of the context its key holds. */
  run<T>(field: WatchedField, context: unknown, load: () => T): T;
  /** Reads the context on the cache's own account. */
  aside<T>(read: () => T): T;
}

export interface WatchedField {
  readonly coordinate: string;
  readonly vary: readonly { readonly read: (context: unknown) => unknown }[];
}

interface Running {
  readonly coordinate: string;
  /** Properties of the context that the field may read, since its key tells their values apart. */
  readonly allowed: ReadonlySet<string>;
}

const UNWATCHED: ViewerWatch = { run: (_field, _context, load) => load(), aside: (read) => read() };

/**
 * In development alone, since it turns properties of the context into accessors: those that the option `viewer` reads.
 * What a load reads, however deep and late, is told by its asynchronous context, so the context stays the same object.
 */
export function createViewerWatch(
  viewer: AnyContextOptions["viewer"],
  problems: Problems,
  isDevelopment = process.env.NODE_ENV !== "production",
): ViewerWatch {
  if (!viewer || !isDevelopment) return UNWATCHED;
  const running = new AsyncLocalStorage<Running>();
  const watchedContexts = new WeakSet<object>();

  return {
    run: ({ coordinate, vary }, context, load) => {
      if (typeof context !== "object" || context === null) return load();
      watch(context);
      const allowed = new Set(vary.flatMap(({ read }) => [...readsOf(read, context)]));
      return running.run({ coordinate, allowed }, load);
    },
    aside: (read) => running.exit(read),
  };

  function watch(context: object): void {
    if (watchedContexts.has(context)) return;
    watchedContexts.add(context);
    for (const name of readsOf(viewer as (context: unknown) => unknown, context)) {
      const property = Object.getOwnPropertyDescriptor(context, name);
      // Of a frozen context, and of one with accessors, nothing is known.
      if (!property?.configurable || !("value" in property)) continue;
      let { value } = property;
      Object.defineProperty(context, name, {
        enumerable: property.enumerable ?? false,
        configurable: true,
        get: () => {
          noteRead(name);
          return value;
        },
        set: (given) => {
          value = given;
        },
      });
    }
  }

  function noteRead(name: string): void {
    const load = running.getStore();
    if (!load || load.allowed.has(name)) return;
    const text =
      `${load.coordinate}: the resolver reads "${name}" of the context, by which the option "viewer" tells who asks, ` +
      "but all viewers share its entry; @cached(scope: PRIVATE), or vary, keeps them apart.";
    problems.report(
      load.coordinate,
      "viewer read",
      new PrivacyError(text, { coordinate: load.coordinate }),
    );
  }
}

/** The properties that a function reads of the context itself. */
function readsOf(read: (context: unknown) => unknown, context: object): ReadonlySet<string> {
  const names = new Set<string>();
  const recording = new Proxy(context, {
    get: (target, name) => {
      if (typeof name === "string") names.add(name);
      return Reflect.get(target, name, target);
    },
  });
  try {
    disregard(read(recording));
  } catch {
    // It is called again where it counts, and its failure told there.
  }
  return names;
}
