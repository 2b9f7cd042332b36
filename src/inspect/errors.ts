import { CachedError } from "../cache/errors.js";

/** A command line, or what it names, that cannot be used. The text is for the terminal. */
export class UsageError extends CachedError {
  readonly code = "E_USAGE";
}
