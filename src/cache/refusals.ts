import type { NotCacheableError } from "./errors.js";
import type { LoadContext } from "./types.js";

export type RefusalListener = (refusal: NotCacheableError) => void;

const listeners = new WeakMap<LoadContext, RefusalListener>();

/**
 * Has the listener told, beside the events, that what the load of this context gave cannot be carried. For the
 * directives: whoever uses them need not listen to the events, and one who did would pay for it at each hit.
 */
export function hearRefusal(context: LoadContext, listener: RefusalListener): void {
  listeners.set(context, listener);
}

/** Who asked to be told. */
export function refusalListener(context: LoadContext): RefusalListener | undefined {
  return listeners.get(context);
}
