/** What the common CDNs take in one header. */
const MAX_HEADER_BYTES = 16_000;

/** A tag as a surrogate key: what would end it in a header, or is no visible ASCII, stands as in a URL. */
export function surrogateKey(tag: string): string {
  return tag.replace(/[^\x21\x23-\x2b\x2d-\x7e]/gu, encodeURIComponent);
}

/**
 * The value of the header that names an answer's surrogate keys; undefined where they do not fit, so that the answer
 * could not be purged by all of them. Cloudflare's `Cache-Tag` has commas between them, all others spaces.
 */
export function surrogateKeysHeader(name: string, tags: Iterable<string>): string | undefined {
  const separator = name.toLowerCase() === "cache-tag" ? "," : " ";
  const value = Array.from(new Set(Array.from(tags, surrogateKey))).join(separator);
  return value.length > MAX_HEADER_BYTES ? undefined : value;
}
