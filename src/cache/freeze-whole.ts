/**
 * Freezes a value through and through, so that all callers can have the same one and none can damage another's.
 *
 * @param value nobody else's, and without cycles
 * @returns false, with nothing frozen, for a value that freezing does not protect: a Date or a Map in it could still be
 *   changed
 */
export function freezeWhole(value: unknown): boolean {
  if (!canFreeze(value, 0)) return false;
  freeze(value);
  return true;
}

/** Deeper ones are copied: a walk of them costs more than decoding, and one without an end must not be begun. */
const MAX_DEPTH = 64;

function canFreeze(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === MAX_DEPTH) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain =
    prototype === Array.prototype || prototype === Object.prototype || prototype === null;
  return isPlain && Object.values(value).every((item) => canFreeze(item, depth + 1));
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
}
