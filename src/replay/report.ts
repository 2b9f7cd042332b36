import { type ClosingCheck, isKept } from "./closing-checks.js";
import { type FieldLookups, hitRatio } from "./field-lookups.js";

/** What a replay came to. */
export interface Report {
  readonly servers: number;
  readonly seconds: number;
  readonly orders: number;
  readonly tickets: number;
  readonly changes: number;
  readonly reads: Readonly<Record<"menu" | "menuItem" | "order" | "orders" | "stale", number>>;
  readonly staleExamples: readonly string[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly fields: ReadonlyMap<string, FieldLookups>;
  /** SQL statements that the servers sent, all told. */
  readonly statements: number;
  /** At least so many more the reads would have cost without a cache. */
  readonly statementsSaved: number;
  readonly checks: readonly ClosingCheck[];
  readonly samples: readonly Sample[];
}

/** How it stood after so many seconds: of what had happened since the sample before. */
export interface Sample {
  readonly atSeconds: number;
  readonly readsASecond: number;
  readonly hitRatio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly orders: number;
}

/** The fields whose hit ratio the replay is about. */
export const MENU_FIELDS = ["Query.menu", "Query.menuItem"] as const;

export function isGood({ reads, checks }: Report): boolean {
  return reads.stale === 0 && checks.every(isKept);
}

export function reportText(report: Report): string {
  const { reads } = report;
  const all = reads.menu + reads.menuItem + reads.order + reads.orders;
  const lines: [string, string][] = [
    [
      "orders placed",
      `${whole(report.orders)} in ${report.seconds.toFixed(0)} s on ${report.servers} servers`,
    ],
    ["tickets completed", whole(report.tickets)],
    [
      "reads",
      `${whole(all)}: ${whole(reads.menu)} menu, ${whole(reads.menuItem)} menuItem, ${whole(reads.order)} order, ${whole(reads.orders)} orders`,
    ],
    [
      "stale reads",
      `${whole(reads.stale)}, with ${whole(report.changes)} changes of the menu under way`,
    ],
    ["a read took", `${report.p50Ms.toFixed(1)} ms at p50, ${report.p99Ms.toFixed(1)} ms at p99`],
    [
      "hit ratio",
      `${percent(hitRatio(report.fields, MENU_FIELDS))} of ${MENU_FIELDS.join(" and ")}`,
    ],
    ...fieldLines(report),
    [
      "origin statements",
      `${whole(report.statements)} sent, at least ${whole(report.statementsSaved)} saved`,
    ],
    ...report.checks.map((check): [string, string] => [check.what, verdict(check)]),
  ];
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return [
    ...lines.map(([name, text]) => `${name.padEnd(width)}${text}`),
    ...report.staleExamples.map((example) => `STALE: ${example}`),
  ].join("\n");
}

export function fieldLines({ fields }: Pick<Report, "fields">): [string, string][] {
  return [...fields]
    .filter(([, { lookups }]) => lookups > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([field, { hits, lookups }]) => [
      `  ${field}`,
      `${percent(hits / lookups)} of ${whole(lookups)}`,
    ]);
}

function verdict(check: ClosingCheck): string {
  if (!isKept(check)) return `WRONG: ${check.found} came, ${check.wanted} expected`;
  return check.wanted.length > 60 ? "as SQL counts them" : check.wanted;
}

export function whole(number: number): string {
  return Math.round(number).toLocaleString("en");
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
