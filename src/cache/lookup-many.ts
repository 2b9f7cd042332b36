import { InvalidOptionError } from "./errors.js";
import { createTickCalls, type TickCall } from "./tick-batch.js";
import type { EntryOptions, Load, LoadContext, LoadMany } from "./types.js";

interface Wanted {
  readonly key: string;
  readonly context: LoadContext;
}

type GetOrSet = (key: string, options: EntryOptions, load: Load<unknown>) => Promise<unknown>;

/**
 * Many keys as one: their reads share a round trip, their leases another, and the loads of those that this caller
 * leads, which so begin in one tick, are one `loadMany`. A key that had to wait for another's load, and in the end
 * loads after all, is in a later one.
 */
export function getOrSetMany<T>(
  getOrSet: GetOrSet,
  keys: readonly string[],
  options: EntryOptions | ((key: string) => EntryOptions),
  loadMany: LoadMany<T>,
): Promise<Array<T | Error>> {
  const loadGroup = {};
  const loadOne = createTickCalls<Wanted, unknown>((calls) => runMany(calls, loadMany));

  return Promise.all(
    keys.map(async (key) => {
      const own = typeof options === "function" ? options(key) : options;
      const load: Load<unknown> = (context) => loadOne({ key, context });
      try {
        // Not spread out: V8 would keep a description of each, and know none when it reads them.
        const grouped = own.loadGroup === undefined ? Object.assign({}, own, { loadGroup }) : own;
        return (await getOrSet(key, grouped, load)) as T;
      } catch (error) {
        // Misuse is the caller's to see at once; a load's failure is its key's alone.
        if (error instanceof InvalidOptionError) throw error;
        return asError(error);
      }
    }),
  );
}

async function runMany<T>(
  calls: ReadonlyArray<TickCall<Wanted, unknown>>,
  loadMany: LoadMany<T>,
): Promise<void> {
  const wanted = calls.map(({ asked }) => asked);
  const keys = wanted.map(({ key }) => key);
  const contexts = new Map(wanted.map(({ key, context }) => [key, context]));
  let signal: AbortSignal | undefined;
  const results = await loadMany(keys, {
    get signal() {
      signal ??= firstOf(wanted.map(({ context }) => context.signal));
      return signal;
    },
    of(key) {
      const context = contexts.get(key);
      if (context) return context;
      throw new InvalidOptionError(`The key must be one that is being loaded, but got: ${key}`);
    },
  });
  if (!Array.isArray(results) || results.length !== keys.length) {
    const came = Array.isArray(results) ? `${results.length} results` : typeof results;
    throw new TypeError(
      `loadMany must give one result for each of its ${keys.length} keys, in their order, but gave: ${came}`,
    );
  }
  calls.forEach(({ resolve, reject }, index) => {
    const result: unknown = results[index];
    if (result instanceof Error) reject(result);
    else resolve(result);
  });
}

/**
 * Aborted with the first of them. `AbortSignal.any` would do, but while somebody listens to its signals Node keeps them
 * for the process's life: a load that never stops listening would be kept for ever.
 */
function firstOf(signals: readonly AbortSignal[]): AbortSignal {
  const first = new AbortController();
  for (const signal of signals) {
    const abort = () => first.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  }
  return first.signal;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error("A load threw.", { cause: thrown });
}
