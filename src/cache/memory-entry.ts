import { type Entry, lifeMs } from "./entry.js";

/** What an entry costs beside its key, tags and value. */
const OVERHEAD_BYTES = 200;

export function sizeOf(entry: Entry, key: string): number {
  const names = entry.tags.reduce((sum, tag) => sum + tag.length, 0);
  return OVERHEAD_BYTES + 2 * (key.length + names) + entry.value.byteLength;
}

export function endOf(entry: Entry): number {
  return entry.birthMs + lifeMs(entry);
}
