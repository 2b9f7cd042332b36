/** True for what a literal makes, and for what has no prototype: an instance of no class. */
export function isRecord(value: unknown): value is Readonly<Record<string | symbol, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
