import { sqlState } from "./errors.js";

/** Where drivers put what a statement was given, and PostgreSQL the rows and keys it is about. */
const HOLDING_VALUES = ["params", "detail", "where", "hint", "internalQuery"] as const;

/**
 * The error of a statement without any value that the statement was given: it may come to be logged, and a value may
 * be an address or a password's hash. Its code, its message and the names of what it is about are left.
 */
export function withoutValues(error: unknown): unknown {
  const state = sqlState(error);
  if (!(error instanceof Error) || state === undefined) return error;
  for (const name of HOLDING_VALUES) Reflect.deleteProperty(error, name);
  // Of a value that does not fit its type, and of nothing else, the message quotes the value.
  if (state.startsWith("22")) {
    const quoted = error.message;
    error.message = quoted.replace(/".*"/s, '"…"');
    // A function, for a value may hold what `replace` would take for a pattern.
    error.stack = (error.stack ?? "").replace(quoted, () => error.message);
  }
  return error;
}

/** For a promise of a statement to be caught with. */
export function throwWithoutValues(error: unknown): never {
  throw withoutValues(error);
}
