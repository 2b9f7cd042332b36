import type { Entry } from "./entry.js";
import type { Position } from "./position.js";

/**
 * An entry as it is kept near, good as an answer until it is found the next time.
 *
 * Its times are whole milliseconds on `performance.now()`'s clock, rounded so that it ends early rather than late: whole
 * numbers V8 keeps in the object itself, and a hit costs little more than the memory it has to fetch.
 */
export class NearEntry {
  /** The one frozen value that all get; else the copy of the last that found it. */
  value: unknown = undefined;
  /** Until it is first handed out, and for good where it cannot be frozen. */
  bytes: Uint8Array | undefined;
  mustCopy = false;
  isDue = false;
  /** The end of its ttl, or of the age up to which it may serve without another look at the store. */
  readonly goodUntilMs: number;
  /** Before that nobody needs to be chosen to refresh it. */
  readonly dueFromMs: number;
  foundAtMs: number;
  /** How many had been kept when it last counted as used: only who comes next makes that matter. */
  usedAt: number;
  /** A frozen list of tags that it was found to be filed under: who asks again and again can do so with one list. */
  filedUnder: readonly string[] | undefined;
  readonly since: Position | null;
  readonly tags: readonly string[];
  readonly format: number;
  readonly loadMs: number;
  readonly bornAtMs: number;
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;

  constructor(
    entry: Entry,
    {
      nowMs,
      bornAtMs,
      maxAgeMs,
      earlyRefresh,
      usedAt,
    }: Readonly<Record<"nowMs" | "bornAtMs" | "maxAgeMs" | "earlyRefresh" | "usedAt", number>>,
  ) {
    const { tags, format, loadMs, since = null, ttlMs, staleIfErrorMs, value } = entry;
    // What was read is a view of all that came with it.
    this.bytes = new Uint8Array(value);
    this.bornAtMs = Math.floor(bornAtMs);
    this.freshUntilMs = Math.floor(bornAtMs + ttlMs);
    this.staleUntilMs = Math.floor(bornAtMs + ttlMs + staleIfErrorMs);
    this.goodUntilMs = Math.min(this.freshUntilMs, Math.floor(nowMs + maxAgeMs));
    this.dueFromMs = this.freshUntilMs - Math.ceil(loadMs * earlyRefresh * LIKELY_EARLY);
    this.foundAtMs = Math.floor(nowMs);
    this.usedAt = usedAt;
    this.filedUnder = undefined;
    this.since = since;
    // What is answered from here, and may have been answered already, names the very list.
    this.tags = Object.freeze(tags);
    this.format = format;
    this.loadMs = loadMs;
  }

  get ageSeconds(): number {
    return Math.max(0, this.foundAtMs - this.bornAtMs) / 1000;
  }

  get remainingSeconds(): number {
    return Math.max(0, this.freshUntilMs - this.foundAtMs) / 1000;
  }
}

/** So many times its load before its end, an entry is refreshed with a chance of one in 20,000: not worth a dice. */
const LIKELY_EARLY = 10;
