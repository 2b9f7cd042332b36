import { StoreUnavailableError } from "../errors.js";
import { asStoreError } from "./reply-error.js";

/** Waits for `promise` within the time limit, and makes every failure a StoreError. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // Where this process was busy, the answer may have come and not been read: it is, before an immediate runs.
    timer = setTimeout(setImmediate, limitMs, () => {
      const text = `Redis must answer within ${limitMs} ms, but did not.`;
      reject(new StoreUnavailableError(text));
    });
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    throw asStoreError(error);
  } finally {
    clearTimeout(timer);
  }
}
