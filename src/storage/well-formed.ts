/** The text as it comes back from bytes: a lone half of a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
