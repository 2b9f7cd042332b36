import { CountLimitError } from "../storage/index.js";
import { BadInputError } from "./errors.js";

export interface CartLine {
  sizeId: string;
  quantity: number;
}

/** A cart's lines on their way to become an order. */
export interface Checkout {
  /** Its own alone: the key may be in another session as well. */
  id: string;
  /** Its order's idempotency key. */
  key: string;
  lines: CartLine[];
}

/** A key that was answered with the order of another: the retry of a checkout that had been left open. */
export interface AnsweredKey {
  key: string;
  /** The order's own. */
  orderKey: string;
}

/** How many of one size a cart holds at most, and how many sizes. */
export const cartLimits = { maxCount: 100, maxMembers: 50 } as const;

/** @throws BadInputError */
export function checkSizeId(sizeId: string): void {
  if (sizeId.length === 0 || sizeId.length > 100) {
    throw new BadInputError(`A size's id has 1 to 100 characters, but ${sizeId.length} came.`);
  }
  if (!sizeId.isWellFormed()) throw new BadInputError("A size's id must be well-formed text.");
}

/** @throws BadInputError */
export function checkLine(sizeId: string, quantity: number): void {
  checkSizeId(sizeId);
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > cartLimits.maxCount) {
    throw new BadInputError(
      `quantity must be a whole number from 1 to ${cartLimits.maxCount}, but ${quantity} came.`,
    );
  }
}

/** Says of a change that the storage refused what it means to customers. */
export function refuseFullCart(error: unknown): never {
  if (!(error instanceof CountLimitError)) throw error;
  const limit =
    error.reason === "maxCount"
      ? `${cartLimits.maxCount} of a size`
      : `${cartLimits.maxMembers} different sizes`;
  throw new BadInputError(`A cart holds at most ${limit}.`, error);
}

/** Whether all of `lines` is in `others` as well. */
export function holdsAll(others: readonly CartLine[], lines: readonly CartLine[]): boolean {
  const held = new Map(others.map(({ sizeId, quantity }) => [sizeId, quantity]));
  return lines.every(({ sizeId, quantity }) => (held.get(sizeId) ?? 0) >= quantity);
}
