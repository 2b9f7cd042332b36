export type MaybePromise<T> = T | Promise<T>;

/** Promises of any make, as GraphQL.js tells them. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Takes a promise that is of no use here: should it reject, nobody is told, instead of the process, which it would end. */
export function disregard(value: unknown): void {
  if (isPromise(value)) value.then(undefined, () => undefined);
}

/** Applies `next` at once where the value is at hand, so that what can be synchronous stays it. */
export function chain<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => R,
): MaybePromise<Awaited<R>> {
  return (isPromise(value) ? value.then(next) : next(value)) as MaybePromise<Awaited<R>>;
}
