/** The text as it comes back from bytes: a lone half of a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** As Redis orders text: by its bytes, which differs from JavaScript's order of UTF-16 beyond U+D7FF. */
export function byBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
