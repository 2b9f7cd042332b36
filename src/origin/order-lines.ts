import { EmptyOrderError, InvalidInputError } from "./errors.js";

export interface WantedLine {
  sizeId: string;
  quantity: number;
}

/** Most of one size in one order. */
export const MAX_QUANTITY = 100;
/** Most lines of one order. */
export const MAX_LINES = 50;

/**
 * Joins lines of the same size and checks what remains.
 *
 * @throws EmptyOrderError when there is no line.
 * @throws InvalidInputError for more than MAX_LINES lines, or a quantity that is not a whole number from 1 to MAX_QUANTITY.
 */
export function checkedLines(lines: readonly WantedLine[]): WantedLine[] {
  const quantities = new Map<string, number>();
  for (const { sizeId, quantity } of lines) {
    checkQuantity(quantity, sizeId);
    const sum = (quantities.get(sizeId) ?? 0) + quantity;
    checkQuantity(sum, sizeId);
    quantities.set(sizeId, sum);
  }
  if (quantities.size === 0) throw new EmptyOrderError("An order must have a line; none came.");
  if (quantities.size > MAX_LINES) {
    throw new InvalidInputError(
      `An order must have at most ${MAX_LINES} lines; ${quantities.size} came.`,
    );
  }
  return [...quantities].map(([sizeId, quantity]) => ({ sizeId, quantity }));
}

function checkQuantity(quantity: number, sizeId: string): void {
  if (Number.isInteger(quantity) && quantity >= 1 && quantity <= MAX_QUANTITY) return;
  throw new InvalidInputError(
    `The quantity of ${JSON.stringify(sizeId)} must be a whole number from 1 to ${MAX_QUANTITY}; ${quantity} came.`,
  );
}
