import type { Database } from "../origin/database.js";
import { placeOrder } from "../origin/place-order.js";
import type { OrderRow } from "../origin/rows.js";
import { NotSignedInError } from "./errors.js";
import type { Popularity } from "./popularity.js";
import type { Sessions } from "./sessions.js";

export interface Ordering {
  /**
   * Orders what is in the session's cart, and takes it out of there. The same key twice places one order.
   * @throws NotSignedInError, SessionUnavailableError, and what the origin's `placeOrder` throws
   */
  placeOrder(token: string, idempotencyKey?: string | null): Promise<OrderRow>;
}

export interface OrderingOptions {
  database: Database;
  sessions: Pick<Sessions, "find" | "emptyCart">;
  popularity: Pick<Popularity, "record">;
  /** Told of what failed after the order had been placed, which stands all the same. */
  onProblem: (error: unknown) => void;
}

export function createOrdering(options: OrderingOptions): Ordering {
  const { database, sessions, popularity, onProblem } = options;
  return {
    async placeOrder(token, idempotencyKey) {
      // Read anew: the operation may have changed the cart since the caller was looked up.
      const session = await sessions.find(token);
      if (session === null) throw new NotSignedInError();
      const { customerId, cart } = session;
      const placed = await placeOrder(database, { customerId, lines: cart, idempotencyKey });
      if (!placed.repeated) {
        // The order is committed: nothing that fails from here on may tell the customer otherwise.
        await Promise.all([
          sessions.emptyCart(token, cart).catch(onProblem),
          popularity.record(placed.lines).catch(onProblem),
        ]);
      }
      return placed.order;
    },
  };
}
