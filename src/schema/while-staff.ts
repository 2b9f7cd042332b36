import type { Context } from "../context.js";
import { requireStaffStill } from "./guards.js";

/** Hands events on for as long as the caller is staff; a session that ends ends them with the next one. */
export function whileStaff<T>(
  context: Context,
  events: AsyncIterableIterator<T>,
): AsyncIterableIterator<T> {
  const end = async (): Promise<IteratorResult<T>> =>
    (await events.return?.()) ?? { done: true, value: undefined };
  return {
    async next() {
      const event = await events.next();
      if (event.done) return event;
      try {
        await requireStaffStill(context);
      } catch (error) {
        await end();
        throw error;
      }
      return event;
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
