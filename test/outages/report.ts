import type { OutageOptions, OutageRun } from "./run.js";

const COLUMNS = [
  ["scenario", 18],
  ["requests", 8],
  ["failed", 6],
  ["closed", 8],
  ["open", 8],
  ["doubled", 7],
  ["recovery", 9],
  ["stale", 5],
  ["apart", 5],
  ["verdict", 0],
] as const;

/** The table's head: "closed" and "open" are the slowest requests by the breaker's state when they began. */
export const head = row(COLUMNS.map(([name]) => name));

export function describeOutage({ scenario }: OutageOptions, { verdict }: OutageRun): string {
  const ms = (value: number) => (Number.isFinite(value) ? `${Math.round(value)} ms` : "never");
  const stalled = verdict.stalledMs > 0 ? ` (stalls of ${ms(verdict.stalledMs)} left out)` : "";
  return row([
    scenario,
    String(verdict.requests),
    String(verdict.failed),
    ms(verdict.slowestClosedMs),
    verdict.slowestOpenMs === 0 ? "-" : ms(verdict.slowestOpenMs),
    String(verdict.doubled.length),
    ms(verdict.recoveryMs),
    String(verdict.stale.length),
    String(verdict.apart.length),
    (verdict.missed.length === 0 ? "kept" : `MISSED: ${verdict.missed.join(", ")}`) + stalled,
  ]);
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, at) => {
      const width = COLUMNS[at]?.[1] ?? 0;
      return at === 0 || width === 0 ? cell.padEnd(width) : cell.padStart(width);
    })
    .join("  ");
}

const SHOWN = 6;

/** What the verdict rests on: when, from the begin of the fault. */
export function describeDetails({ history, verdict, fault }: OutageRun): string {
  const at = (ms: number) => `${Math.round(ms - fault.beginMs)}`;
  const lines = [
    `  over at ${at(fault.endMs)} ms; ${history.reads.length} reads: ${countBy(history.reads.map(({ how }) => how))}`,
    ...history.told
      .filter(({ type }) => type !== "refused")
      .slice(0, 40)
      .map(
        ({ worker, type, atMs, node = "", cause = "" }) =>
          `  ${at(atMs)} ${worker} ${type} ${node} ${cause}`,
      ),
  ];
  for (const { act, tookMs, wasOpen } of verdict.slowest.slice(0, SHOWN)) {
    const what = act.type === "read" ? `${act.key} (${act.how})` : act.type;
    const state = wasOpen ? "open" : "closed";
    lines.push(
      `  SLOW ${act.worker} ${what} at ${at(act.beginMs)}: ${Math.round(tookMs)} ms, ${state}`,
    );
  }
  for (const { earlier, later } of verdict.doubled.slice(0, SHOWN)) {
    const show = (load: typeof earlier) =>
      `${load.load} ${at(load.beginMs)} to ${at(load.endMs)}${load.leasedMs ? " leased" : ""}`;
    lines.push(`  DOUBLED ${earlier.key}: ${show(earlier)} and ${show(later)}`);
  }
  for (const { read, eviction, tag } of verdict.stale.slice(0, SHOWN)) {
    lines.push(
      `  STALE ${read.worker} ${read.key} at ${at(read.beginMs)} (${read.how}), loaded at ${at(read.value?.seenMs ?? 0)};` +
        ` ${tag} evicted by ${eviction.worker} at ${at(eviction.beginMs)} to ${at(eviction.endMs)}, ${eviction.done}`,
    );
  }
  return lines.join("\n");
}

function countBy(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
}
