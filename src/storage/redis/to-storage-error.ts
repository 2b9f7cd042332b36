import { StorageError, StorageUnavailableError } from "../errors.js";

/** Refusals that have to do with the server's state, and not with the command. */
const passing =
  /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|MOVED|ASK|OOM|MISCONF|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM|BUSY|UNKILLABLE)\b/;

/** What the client threw, as an error of ours, with the client's as its cause. */
export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if (!(error instanceof Error)) return new StorageUnavailableError("Redis failed.", error);
  hideCommand(error);
  // Of this process: nothing was sent, and the server has no part in it.
  if (error instanceof RangeError || error instanceof TypeError) {
    return new StorageError(`A command could not be made: ${error.message}.`, error);
  }
  const reason = (error.message || error.name).replace(/\.$/, "");
  return isRefusal(error)
    ? new StorageError(`Redis refused a command: ${reason}.`, error)
    : new StorageUnavailableError(`Redis must answer, but it did not: ${reason}.`, error);
}

/** Of what the client threw: whether the server answered, and serves, and refused that one command alone. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && !passing.test(error.message);
}

/** ioredis puts the command with all its arguments on its errors; a logger that prints every property must not see them. */
function hideCommand(error: Error): void {
  if ("command" in error) Object.defineProperty(error, "command", { enumerable: false });
}
