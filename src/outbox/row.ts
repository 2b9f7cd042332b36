import { checkTags } from "../cache/check-values.js";
import { InvalidOptionError } from "../cache/errors.js";

/** One recorded eviction, as the relay reads it. */
export interface Row {
  /** Decimal digits. */
  readonly id: string;
  /** undefined: not written by this version, and not readable by it. */
  readonly tags: readonly string[] | undefined;
}

/** So many of the longest tags are a megabyte: what a batch holds in memory stays bounded. */
const MAX_TAGS = 1_000;

/** JSON as text: it carries every tag that a cache takes, NUL included, whatever the client makes of other types. */
export function encodeTags(tags: readonly string[]): string {
  const checked = checkTags(tags);
  if (checked.length > MAX_TAGS) {
    throw new InvalidOptionError(
      `tags must be ${MAX_TAGS} at the most, but got: ${checked.length}. Record them in several calls.`,
    );
  }
  return JSON.stringify(checked);
}

export function decodeTags(text: unknown): readonly string[] | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return checkTags(JSON.parse(text));
  } catch {
    return undefined;
  }
}
