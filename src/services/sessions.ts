import { randomUUID } from "node:crypto";
import type { Role } from "../origin/rows.js";
import {
  ChangedMeanwhileError,
  type CountsChange,
  type HashChange,
  type Storage,
  UnreadableRecordError,
} from "../storage/index.js";
import { type Checkout, cartLimits, checkLine, checkSizeId, refuseFullCart } from "./cart.js";
import { createCustomerSessions } from "./customer-sessions.js";
import { NotSignedInError } from "./errors.js";
import { checkPreferences, type PreferenceChange, type Preferences } from "./preferences.js";
import { type Session, sessionSchema, toSession } from "./session-record.js";
import { needsSessions } from "./session-storage.js";
import { idOf, newToken } from "./session-token.js";

export type { CartLine, Checkout } from "./cart.js";
export type { Session } from "./session-record.js";

/**
 * Sessions, each a hash that lives four hours past its last use. All throw SessionUnavailableError while the storage
 * is out of reach; those that change a session throw NotSignedInError when it has ended, and answer with it as it is then.
 */
export interface Sessions {
  /** The token is told once, here: only its digest is kept. */
  create(customer: {
    customerId: string;
    role: Role;
    /** What it begins with. Default: none. */
    preferences?: Preferences | null;
  }): Promise<{ token: string; session: Session }>;
  /** A use of the session: its life begins anew. null when the token opens none. */
  find(token: string): Promise<Session | null>;
  /** Whether the size exists is the caller's to check. @throws BadInputError */
  addToCart(token: string, sizeId: string, quantity: number): Promise<Session>;
  /** Takes a size out, however many of it there are; a cart without it stays as it is. @throws BadInputError */
  removeFromCart(token: string, sizeId: string): Promise<Session>;
  /** Says that the cart, as it was read, is being ordered. Undefined when it has changed since, or is being ordered already. */
  beginCheckout(
    token: string,
    read: Pick<Session, "cart" | "cartVersion">,
    key: string,
  ): Promise<Checkout | undefined>;
  /**
   * Takes what was ordered out of the cart, and leaves what was added since; once, whoever comes second. Remembers
   * `answering`, a key other than the checkout's that is answered with its order.
   */
  settleCheckout(token: string, checkout: Checkout, answering?: string): Promise<void>;
  /** Leaves the cart as it is: nothing was ordered. */
  abandonCheckout(token: string, checkout: Checkout): Promise<void>;
  /** Changes what is given and leaves the rest; null unsets. @throws BadInputError */
  setPreferences(token: string, change: PreferenceChange): Promise<Session>;
  /** False when there was none. */
  end(token: string): Promise<boolean>;
  /** Ends every session of a customer. Answers how many there were. */
  endAll(customerId: string): Promise<number>;
}

export interface SessionsOptions {
  storage: Storage;
  /** Default: now. */
  now?: () => Date;
}

const ttlSeconds = 4 * 60 * 60;

export function createSessions({ storage, now = () => new Date() }: SessionsOptions): Sessions {
  const records = storage.hash("session", sessionSchema, { ttlSeconds, sliding: true });
  const index = createCustomerSessions({ storage, ttlSeconds, now });

  /** Every change is a use. */
  async function use(id: string, change: HashChange<typeof sessionSchema> = {}) {
    const set = { ...change.set, lastActivity: now() };
    const stored = await records.change(id, { ...change, set });
    if (stored === undefined || !index.isDue(stored.indexedAt)) return stored;
    await index.add(stored.customerId, id);
    return records.update(id, { indexedAt: now() });
  }

  function find(token: string): Promise<Session | null> {
    return needsSessions(async () => {
      const id = idOf(token);
      if (id === undefined) return null;
      try {
        const stored = await use(id);
        return stored ? toSession(stored) : null;
      } catch (error) {
        if (!(error instanceof UnreadableRecordError)) throw error;
        // Of an older version of this file: signing in again is all there is to do.
        await records.delete(id);
        return null;
      }
    });
  }

  function change(token: string, what: HashChange<typeof sessionSchema>): Promise<Session> {
    return needsSessions(async () => {
      const id = idOf(token);
      const stored = id && (await use(id, what).catch(refuseFullCart));
      if (!stored) throw new NotSignedInError();
      return toSession(stored);
    });
  }

  /** Every change of the cart moves its version in the same step. */
  const changeCart = (token: string, cart: CountsChange) =>
    change(token, { counts: { cart }, increment: { cartVersion: 1 } });

  return {
    create: ({ customerId, role, preferences }) =>
      needsSessions(async () => {
        const { token, id } = newToken();
        const time = now();
        const begun = {
          customerId,
          role,
          cartVersion: 0,
          ...(preferences && checkPreferences(preferences)),
          loginTime: time,
          lastActivity: time,
          indexedAt: time,
        };
        await records.save(id, begun);
        // The index last: whoever ends all sessions forgets those that it names and that are not there, and one that came
        // after could not be ended from elsewhere. One that it lacks, of a process that died here, is known to nobody.
        await index.add(customerId, id);
        return { token, session: toSession({ ...begun, cart: new Map() }) };
      }),
    find,
    async addToCart(token, sizeId, quantity) {
      checkLine(sizeId, quantity);
      const add = new Map([[sizeId, quantity]]);
      return changeCart(token, { add, ...cartLimits });
    },
    async removeFromCart(token, sizeId) {
      checkSizeId(sizeId);
      const session = await find(token);
      if (session === null) throw new NotSignedInError();
      // Nothing changes, so the version may not move either: an order of this cart is still an order of it.
      if (!session.cart.some((line) => line.sizeId === sizeId)) return session;
      return changeCart(token, { remove: [sizeId] });
    },
    async beginCheckout(token, { cart, cartVersion }, key) {
      const checkout = { id: randomUUID(), key, lines: cart };
      const onlyIf = { cartVersion, checkout: undefined };
      const begun = await unlessChanged(change(token, { onlyIf, set: { checkout } }));
      return begun && checkout;
    },
    async settleCheckout(token, checkout, answering) {
      const add = new Map(checkout.lines.map(({ sizeId, quantity }) => [sizeId, -quantity]));
      const increment = { cartVersion: 1 };
      const answered = answering && { answered: { key: answering, orderKey: checkout.key } };
      const settled = await unlessChanged(
        change(token, {
          onlyIf: { checkout },
          set: { checkout: undefined, ...answered },
          counts: { cart: { add } },
          increment,
        }),
      );
      if (answered && !settled) await change(token, { set: answered });
    },
    async abandonCheckout(token, checkout) {
      const onlyIf = { checkout };
      await unlessChanged(change(token, { onlyIf, set: { checkout: undefined } }));
    },
    async setPreferences(token, wanted) {
      return change(token, { set: checkPreferences(wanted) });
    },
    end: (token) =>
      needsSessions(async () => {
        const id = idOf(token);
        return id !== undefined && records.delete(id);
      }),
    endAll: (customerId) => needsSessions(() => index.take(customerId, (id) => records.delete(id))),
  };
}

async function unlessChanged(changing: Promise<Session>): Promise<Session | undefined> {
  try {
    return await changing;
  } catch (error) {
    if (error instanceof ChangedMeanwhileError) return undefined;
    throw error;
  }
}
