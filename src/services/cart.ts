import { CountLimitError } from "../storage/index.js";
import { BadInputError } from "./errors.js";

export interface CartLine {
  sizeId: string;
  quantity: number;
}

/** A cart's lines on their way to become an order. */
export interface Checkout {
  /** Its order's idempotency key. */
  key: string;
  lines: CartLine[];
}

/** How many of one size a cart holds at most, and how many sizes. */
export const cartLimits = { maxCount: 100, maxMembers: 50 } as const;

/** @throws BadInputError */
export function checkSizeId(sizeId: string): void {
  if (sizeId.length === 0 || sizeId.length > 100) {
    throw new BadInputError(`A size's id has 1 to 100 characters, but ${sizeId.length} came.`);
  }
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

/** What is left of a cart without these lines; undefined where it doesn't hold them all. */
export function withoutLines(
  cart: readonly CartLine[],
  lines: readonly CartLine[],
): CartLine[] | undefined {
  const left = new Map(cart.map(({ sizeId, quantity }) => [sizeId, quantity]));
  for (const { sizeId, quantity } of lines) {
    const remaining = (left.get(sizeId) ?? 0) - quantity;
    if (remaining < 0) return undefined;
    left.set(sizeId, remaining);
  }
  return [...left]
    .map(([sizeId, quantity]) => ({ sizeId, quantity }))
    .filter(({ quantity }) => quantity > 0);
}
