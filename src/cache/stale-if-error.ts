import { type Answer, createAnswers, fromNear, isFiledUnder } from "./answers.js";
import { type Call, type FillParts, named } from "./call.js";
import type { Lookups } from "./lookup.js";
import type { NearCache } from "./near-cache.js";

export interface StaleParts extends FillParts {
  readonly near: NearCache | undefined;
}

/** A load that throws does not take away what could still serve: within `staleIfErrorMs`, a stale entry does. */
export function createStaleIfError(parts: StaleParts, find: Lookups["find"]): Lookups["find"] {
  const { store, outage, near, reporter } = parts;
  const answers = createAnswers(parts);

  async function findOrStale<T>(call: Call, give: (answer: Answer) => T): Promise<T> {
    try {
      return await find(call, give);
    } catch (error) {
      const stale = outage.isOn ? nearAnswer(call) : await storedAnswer(call);
      if (!stale) throw error;
      const { ageSeconds } = stale;
      reporter.report({ type: "staleHit", reason: "error", ageSeconds, ...named(call) });
      return give(stale);
    }
  }

  /** Never what this process evicted; what others did, a process that is cut off cannot know. */
  function nearAnswer({ key, entry: { tags } }: Call): Answer | undefined {
    const found = near?.findStale(key, tags);
    return found && fromNear(found, "stale");
  }

  async function storedAnswer(call: Call): Promise<Answer | undefined> {
    const { key } = call;
    const { tags } = call.entry;
    // Read anew: what was evicted while the load ran must not serve.
    const reading = await store.read(key, tags).catch(() => undefined);
    if (!reading) return nearAnswer(call);
    const entry = reading.valid ? reading.entry : undefined;
    if (!entry || !isFiledUnder(entry.tags, tags)) return undefined;
    if (outage.distrusts(key, entry.tags)) return undefined;
    const now = store.now();
    if (now >= entry.birthMs + entry.ttlMs + entry.staleIfErrorMs) return undefined;
    return answers.fromEntry(key, entry, now, "stale");
  }

  return (call, give) =>
    call.entry.staleIfErrorMs > 0 ? findOrStale(call, give) : find(call, give);
}
