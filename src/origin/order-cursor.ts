import { InvalidCursorError } from "./errors.js";
import type { OrderRow } from "./rows.js";

/** A place in a customer's orders, newest first. */
export interface OrderPlace {
  placedAt: Date;
  id: string;
}

/** Opaque to clients: nothing but `decodeOrderCursor` should look inside. */
export function encodeOrderCursor({ placedAt, id }: Pick<OrderRow, "placedAt" | "id">): string {
  return Buffer.from(`${placedAt.getTime()}:${id}`).toString("base64url");
}

/**
 * A forged cursor is harmless: it names a place to read on from, in orders that the customer may read anyway.
 *
 * @throws InvalidCursorError for any text that `encodeOrderCursor` could not have made.
 */
export function decodeOrderCursor(cursor: string): OrderPlace {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const [, ms, id] = /^(-?[0-9]{1,13}):([1-9][0-9]{0,17})$/.exec(text) ?? [];
  if (ms === undefined || id === undefined) throw refusal(cursor);
  const place = { placedAt: new Date(Number(ms)), id };
  if (encodeOrderCursor(place) !== cursor) throw refusal(cursor);
  return place;
}

function refusal(cursor: string): InvalidCursorError {
  const shown = cursor.length > 40 ? `${cursor.slice(0, 40)}…` : cursor;
  return new InvalidCursorError(
    `A cursor must be one that an earlier page gave; ${JSON.stringify(shown)} came.`,
  );
}
