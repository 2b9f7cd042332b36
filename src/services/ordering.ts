import { randomUUID } from "node:crypto";
import type { Database } from "../origin/database.js";
import {
  DatabaseUnavailableError,
  EmptyOrderError,
  NotFoundError,
  OriginError,
} from "../origin/errors.js";
import { type NewOrder, type PlacedOrder, placeOrder } from "../origin/place-order.js";
import type { OrderRow } from "../origin/rows.js";
import { type Checkout, holdsAll } from "./cart.js";
import { NotSignedInError, ServerBusyError } from "./errors.js";
import type { HourlyOrders } from "./hourly-orders.js";
import type { Kitchen } from "./kitchen.js";
import { createLimiter } from "./limiter.js";
import type { Popularity } from "./popularity.js";
import type { Session, Sessions } from "./sessions.js";

export interface Ordering {
  /**
   * Orders what is in the session's cart, and takes it out of there. The same key twice places one order, and so do
   * calls without a key that order the same cart at once: all answer with it. A call with another key answers with it
   * as well where the order was left half done, and nothing else is in the cart. A size that does not exist any more is
   * refused once: it leaves the cart, which does not show it, and what is left can be ordered.
   * @throws NotSignedInError, SessionUnavailableError, and what the origin's `placeOrder` throws
   */
  placeOrder(token: string, idempotencyKey?: string | null): Promise<OrderRow>;
}

export interface OrderingOptions {
  database: Database;
  sessions: Pick<
    Sessions,
    "find" | "removeFromCart" | "beginCheckout" | "settleCheckout" | "abandonCheckout"
  >;
  kitchen: Pick<Kitchen, "queue">;
  popularity: Pick<Popularity, "record">;
  hourlyOrders: Pick<HourlyOrders, "record">;
  /** Told of what failed after the order had been placed, which stands all the same. */
  onProblem: (error: unknown) => void;
}

/**
 * Orders placed at a time in one process. They meet at the rows of their ingredients all the same, and a pool of
 * connections that all wait there would keep everybody else from the database.
 */
const MAX_PLACING = 6;
const MAX_WAITING = 1_000;
/** Each is lost to another's change of the cart only, so none but a customer in a frenzy needs so many. */
const MAX_ATTEMPTS = 20;

/**
 * An order begins as a checkout in the session: an idempotency key and the cart's lines as they are. Whoever finds one
 * there, of another call or of a process that died, carries it out under the same key, so its lines are ordered once
 * whenever that was; then it and its lines leave the session in one step.
 */
export function createOrdering(options: OrderingOptions): Ordering {
  const { database, sessions, kitchen, popularity, hourlyOrders, onProblem } = options;

  const limited = createLimiter({ maxRunning: MAX_PLACING, maxWaiting: MAX_WAITING });
  const place = (wanted: NewOrder) => limited(() => placeOrder(database, wanted));

  /** Undefined when the cart was changed meanwhile. */
  async function orderCart(token: string, session: Session, key: string | undefined) {
    const { customerId, cart } = session;
    if (cart.length === 0) {
      return (await place({ customerId, lines: cart, idempotencyKey: key })).order;
    }
    const checkout = await sessions.beginCheckout(token, session, key ?? `cart:${randomUUID()}`);
    if (!checkout) return undefined;
    const placed = await carryOut(token, customerId, checkout).catch(async (error) => {
      if (error instanceof NotFoundError) {
        await sessions.removeFromCart(token, error.id).catch(onProblem);
      }
      throw error;
    });
    return placed.order;
  }

  async function carryOut(
    token: string,
    customerId: string,
    checkout: Checkout,
    answering?: string,
  ) {
    const { id, key, lines } = checkout;
    const wanted = { customerId, lines, idempotencyKey: key, checkoutId: id };
    const placed = await place(wanted).catch(async (error) => {
      // After any other failure nobody knows whether it was placed: the next call finds out.
      if (isRefusal(error)) await sessions.abandonCheckout(token, checkout).catch(onProblem);
      throw error;
    });
    // The order is committed: nothing that fails from here on may tell the customer otherwise.
    await Promise.all([
      close(token, checkout, placed, answering).catch(onProblem),
      placed.repeated ? undefined : tell(placed),
    ]);
    return placed;
  }

  /** An order that another session placed under the same key has nothing of this cart. */
  function close(token: string, checkout: Checkout, placed: PlacedOrder, answering?: string) {
    return placed.isOfCheckout
      ? sessions.settleCheckout(token, checkout, answering)
      : sessions.abandonCheckout(token, checkout);
  }

  /** Those who follow what PostgreSQL holds; each of them can put right by itself what it missed. */
  async function tell({ order, lines, ordersOfHour }: PlacedOrder): Promise<void> {
    await Promise.all([
      kitchen.queue(order.id).catch(onProblem),
      popularity.record(lines).catch(onProblem),
      hourlyOrders.record({ placedAt: order.placedAt, ordersOfHour }).catch(onProblem),
    ]);
  }

  /** Undefined when what the caller wants to order is another matter. */
  async function finish(token: string, session: Session, key: string | undefined, open: Checkout) {
    const { customerId, cart } = session;
    const isOwn = key === open.key;
    // A customer who was told of a failure tries again, maybe under a new key: the same cart is ordered once.
    const isAllTheCallerWants = isOwn || holdsAll(open.lines, cart);
    const answering = isAllTheCallerWants && !isOwn ? key : undefined;
    const isOrdered = (placed: PlacedOrder) =>
      isOwn || (isAllTheCallerWants && placed.isOfCheckout);
    if (!holdsAll(cart, open.lines)) {
      // Something of it was taken out of the cart since, and is no longer wanted unless it is ordered already.
      const placed = await placedUnder(customerId, open.key, open.id);
      if (placed) await close(token, open, placed, answering);
      else await sessions.abandonCheckout(token, open);
      return placed && isOrdered(placed) ? placed.order : undefined;
    }
    const placed = await carryOut(token, customerId, open, answering).catch((error) => {
      if (isRefusal(error)) return undefined;
      throw error;
    });
    return placed && isOrdered(placed) ? placed.order : undefined;
  }

  async function placedUnder(customerId: string, idempotencyKey: string, checkoutId?: string) {
    try {
      return await place({ customerId, lines: [], idempotencyKey, checkoutId });
    } catch (error) {
      if (error instanceof EmptyOrderError) return undefined;
      throw error;
    }
  }

  return {
    async placeOrder(token, idempotencyKey) {
      const key = idempotencyKey ?? undefined;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        // Read anew: the operation may have changed the cart since the caller was looked up.
        const session = await sessions.find(token);
        if (session === null) throw new NotSignedInError();
        const { checkout, customerId, answered } = session;
        const orderKey = answered !== null && answered.key === key ? answered.orderKey : key;
        const isNewKey = orderKey !== undefined && orderKey !== checkout?.key;
        const earlier = isNewKey ? await placedUnder(customerId, orderKey) : undefined;
        const order =
          earlier?.order ??
          (await (checkout
            ? finish(token, session, key, checkout)
            : orderCart(token, session, key)));
        if (order) return order;
      }
      throw new ServerBusyError();
    },
  };
}

/** Nothing was ordered, for certain. */
function isRefusal(error: unknown): boolean {
  if (error instanceof ServerBusyError) return true;
  return error instanceof OriginError && !(error instanceof DatabaseUnavailableError);
}
