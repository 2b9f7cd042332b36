import type { LookupStatus } from "../cache/types.js";

/** What the cached fields of one answer did, counted. */
export interface AnswerStatuses {
  readonly statuses: Readonly<Partial<Record<LookupStatus, number>>>;
  /** Seconds until the first of them is no longer fresh; 0 where one was not stored. */
  readonly remainingSeconds: number;
}

/**
 * The header `Cache-Status` (RFC 9211) of an answer that many fields were asked for: a hit where all were, `partial`
 * where some were. undefined where no cached field took part.
 *
 * `graphql-cached; hit; ttl=57; detail="hit=33"`
 */
export function cacheStatus({ statuses, remainingSeconds }: AnswerStatuses): string | undefined {
  const counted = Object.entries(statuses).filter(([, count]) => count > 0);
  if (counted.length === 0) return undefined;
  const of = (status: LookupStatus) => statuses[status] ?? 0;
  const loaded = of("miss") + of("waited");
  const isHit = loaded + of("bypassed") + of("outage") === 0;
  const wasServed = of("hit") + of("stale") > 0;
  const isFresh = remainingSeconds > 0;

  const parts = ["graphql-cached"];
  if (isHit) parts.push("hit");
  else parts.push(`fwd=${wasServed ? "partial" : loaded > 0 ? "miss" : "bypass"}`);
  if (of("miss") > 0 && isFresh) parts.push("stored");
  if (of("miss") === 0 && of("waited") > 0) parts.push("collapsed");
  if (isFresh) parts.push(`ttl=${Math.floor(remainingSeconds)}`);
  const detail = counted.map(([status, count]) => `${status}=${count}`).join(" ");
  return [...parts, `detail="${detail}"`].join("; ");
}
