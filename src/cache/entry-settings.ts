import { checkOptionNames, checkTags, ttlMilliseconds, windowMs } from "./check-values.js";
import type { Position } from "./position.js";
import type { EntryOptions, Load } from "./types.js";

/** One call's options, checked, in milliseconds. */
export class EntrySettings {
  readonly ttlMs: number;
  readonly tags: readonly string[];
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly nullTtlMs: number;
  readonly near: boolean;
  /** undefined: the load sees nothing older than its own start. null: the age is unknown. */
  readonly since: Position | null | undefined;
  readonly refresh: Load<unknown> | undefined;
  readonly loadGroup: object | undefined;
  readonly coordinate: string | undefined;

  /** @throws InvalidOptionError, also for a name that it doesn't know: under misspelt tags nothing would be evicted. */
  constructor(options: EntryOptions) {
    checkOptionNames("An entry", options, KNOWN);
    const { staleWhileRevalidateSeconds, staleIfErrorSeconds, nullTtlSeconds } = options;
    this.ttlMs = ttlMilliseconds(options.ttlSeconds);
    this.tags = options.tags === undefined ? NO_TAGS : checkTags(options.tags);
    this.staleWhileRevalidateMs = windowMs(
      "staleWhileRevalidateSeconds",
      staleWhileRevalidateSeconds,
      0,
    );
    this.staleIfErrorMs = windowMs("staleIfErrorSeconds", staleIfErrorSeconds, 0);
    this.nullTtlMs = windowMs("nullTtlSeconds", nullTtlSeconds, this.ttlMs);
    this.near = options.near ?? true;
    this.since = options.since;
    this.refresh = options.refresh;
    this.loadGroup = options.loadGroup;
    this.coordinate = options.coordinate;
  }
}

const NO_TAGS: readonly string[] = Object.freeze([]);
const KNOWN: Readonly<Record<keyof EntryOptions, true>> = {
  ttlSeconds: true,
  tags: true,
  staleWhileRevalidateSeconds: true,
  staleIfErrorSeconds: true,
  nullTtlSeconds: true,
  since: true,
  near: true,
  refresh: true,
  loadGroup: true,
  coordinate: true,
};
