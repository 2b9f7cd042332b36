import type { LookupStatus } from "../cache/types.js";
import type { FieldOutcome } from "../directives/observations.js";

/**
 * `extensions.cache`: what each cached field did, by its schema coordinate, as `Query.menu`.
 *
 * ```json
 * {
 *   "Query.menu": {
 *     "statuses": { "hit": 1 },
 *     "fields": [{ "path": "menu", "status": "hit", "ageSeconds": 4.2, "tags": ["menu"] }]
 *   },
 *   "MenuItem.sizes": { "statuses": { "hit": 31, "miss": 1 }, "fields": [ … ] }
 * }
 * ```
 */
export type CacheReport = Readonly<Record<string, CoordinateReport>>;

export interface CoordinateReport {
  /** How many fields were answered in each way. */
  readonly statuses: Readonly<Partial<Record<LookupStatus, number>>>;
  /** The first 100 of them, in the order of their answers. */
  readonly fields: readonly FieldReport[];
}

export interface FieldReport {
  /** The response path, as `menu.0.sizes`. */
  readonly path: string;
  readonly status: LookupStatus;
  /** Seconds since the entry was stored, to a tenth; 0 for what was just loaded. */
  readonly ageSeconds: number;
  readonly tags: readonly string[];
}

/** So that a debugging answer stays within a few times the answer itself. */
const MAX_FIELDS = 100;

/** Groups what the cached fields of one operation did by coordinate. */
export function cacheReport(outcomes: readonly FieldOutcome[]): CacheReport {
  const report: Record<
    string,
    { statuses: Partial<Record<LookupStatus, number>>; fields: FieldReport[] }
  > = {};
  for (const { coordinate, path, status, ageSeconds, tags } of outcomes) {
    report[coordinate] ??= { statuses: {}, fields: [] };
    const { statuses: counts, fields } = report[coordinate];
    counts[status] = (counts[status] ?? 0) + 1;
    if (fields.length < MAX_FIELDS) {
      fields.push({
        path: path.join("."),
        status,
        ageSeconds: Math.round(ageSeconds * 10) / 10,
        tags,
      });
    }
  }
  return report;
}
