import { StoreError, StoreUnavailableError } from "../errors.js";

/** Replies that speak of the server, or of our standing with it, and not of the command. */
const UNAVAILABLE =
  /^(LOADING|READONLY|OOM|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MISCONF|NOREPLICAS|BUSY(?!GROUP)|NOAUTH|WRONGPASS|NOPERM|ERR max number of clients)/;

export function isMissingScript(error: Error): boolean {
  return error.message.startsWith("NOSCRIPT");
}

/** What a client's rejection means for us; the client's error is the cause. */
export function asStoreError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const isReply = cause instanceof Error && cause.name === "ReplyError";
  if (isReply && !UNAVAILABLE.test(text)) {
    return new StoreError(`Redis must carry out the command, but answered: ${text}`, { cause });
  }
  return new StoreUnavailableError(`Redis must be in reach, but: ${text}`, { cause });
}

/** Any reply but an error, which is thrown. */
export function accepted(reply: unknown): unknown {
  if (reply instanceof StoreError) throw reply;
  return reply;
}

/**
 * A command for several keys, of a slot that is on its way to another server. The client follows TRYAGAIN round the
 * cluster, and may have any redirection to tell of in the end.
 */
export function isSlotOnTheMove(error: unknown): boolean {
  return error instanceof StoreError && /TRYAGAIN|redirections/.test(error.message);
}
