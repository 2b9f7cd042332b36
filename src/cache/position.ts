/**
 * A place in the eviction log. Every eviction advances `n` by one; `epoch` is drawn anew when the log was lost,
 * and positions of different epochs never compare.
 */
export interface Position {
  readonly epoch: number;
  readonly n: number;
  /**
   * How many evictions of this process could not be delivered at once until then, if any: they come later in the log
   * than they came in this process. It means nothing elsewhere.
   */
  readonly own?: number;
}

/** True when nothing that happened by `position` can have escaped somebody who knows the log up to `since`. */
export function isCoveredBy(position: Position, since: Position): boolean {
  return position.epoch === since.epoch && position.n <= since.n;
}

/** True only where both are of one epoch and `position` is the later one. */
export function isPast(position: Position, other: Position): boolean {
  return position.epoch === other.epoch && position.n > other.n;
}

/** The older of two; null where they don't compare. */
export function olderOf(a: Position | null, b: Position | null): Position | null {
  if (!a || !b || a.epoch !== b.epoch) return null;
  return a.n < b.n ? a : b;
}

/** A position of the same log that no eviction is ever past. */
export function lastOf(position: Position): Position {
  return { epoch: position.epoch, n: 2 ** 48 - 1 };
}
