import type { Role } from "../origin/rows.js";
import {
  counts,
  date,
  type HashValues,
  integer,
  json,
  oneOf,
  optional,
  text,
} from "../storage/index.js";
import type { AnsweredKey, CartLine, Checkout } from "./cart.js";
import type { Preferences } from "./preferences.js";

export interface Session {
  customerId: string;
  /** As it was when the session began. */
  role: Role;
  /** By size id. */
  cart: CartLine[];
  /** Moves with every change of the cart, and with every order of it. */
  cartVersion: number;
  /** The order being placed, or left half done by a process that died: its lines are still in the cart. */
  checkout: Checkout | null;
  answered: AnsweredKey | null;
  preferences: Preferences;
  loginTime: Date;
  lastActivity: Date;
}

/** A session as the storage holds it. */
export const sessionSchema = {
  customerId: text(),
  role: oneOf("customer", "staff"),
  cart: counts(),
  cartVersion: integer(),
  checkout: optional(json<Checkout>()),
  answered: optional(json<AnsweredKey>()),
  language: optional(text()),
  vegetarian: optional(json<boolean>()),
  favouriteItems: optional(json<string[]>()),
  loginTime: date(),
  lastActivity: date(),
  /** When the session was last written into its customer's index. */
  indexedAt: date(),
};
type Stored = HashValues<typeof sessionSchema>;

export function toSession(stored: Stored): Session {
  return {
    customerId: stored.customerId,
    role: stored.role,
    cart: [...stored.cart]
      .map(([sizeId, quantity]) => ({ sizeId, quantity }))
      .sort((a, b) => (a.sizeId < b.sizeId ? -1 : 1)),
    cartVersion: stored.cartVersion,
    checkout: stored.checkout ?? null,
    answered: stored.answered ?? null,
    preferences: {
      language: stored.language ?? null,
      vegetarian: stored.vegetarian ?? null,
      favouriteItems: stored.favouriteItems ?? [],
    },
    loginTime: stored.loginTime,
    lastActivity: stored.lastActivity,
  };
}
