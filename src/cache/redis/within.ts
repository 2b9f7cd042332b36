import { StoreUnavailableError } from "../errors.js";
import { withinLimit } from "../time-limit.js";
import { asStoreError } from "./reply-error.js";

/**
 * Waits for `promise` within the time limit, and makes every failure a StoreError.
 *
 * @param isMoreComing asked at the limit's end, whether it begins once more
 */
export async function within<T>(
  limitMs: number,
  promise: Promise<T>,
  isMoreComing?: () => boolean,
): Promise<T> {
  const late = () =>
    new StoreUnavailableError(`Redis must answer within ${Math.round(limitMs)} ms, but did not.`);
  try {
    return await withinLimit(promise, limitMs, late, () => (isMoreComing?.() ? limitMs : 0));
  } catch (error) {
    throw asStoreError(error);
  }
}

/**
 * Waits for what must be there before something is sent, and for that, within one time limit. What would be sent too
 * late is not sent: its caller has gone, and may have done without.
 */
export function inTime<T>(
  limitMs: number,
  before: (limitMs: number) => Promise<unknown>,
  send: () => Promise<T>,
): Promise<T> {
  const until = performance.now() + limitMs;
  return within(
    limitMs,
    before(limitMs).then(() => {
      if (performance.now() < until) return send();
      throw new StoreUnavailableError("Redis was in reach again too late for this command.");
    }),
  );
}
