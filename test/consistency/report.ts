import { outagesOf } from "./check-outages.js";
import type { Fault, FaultName, History, Issue } from "./history.js";
import type { RunOptions, RunResult } from "./run.js";

const SHOWN = 5;
/** What is shown around a violation. */
const AROUND_MS = 1500;

/** What a run did and what was found, as text. */
export function describeRun(options: RunOptions, { history, verdict }: RunResult): string {
  const { topology, seconds, processes, seed, sabotage, nearMaxAgeMs } = options;
  const near = nearMaxAgeMs === undefined ? "" : `, near for ${nearMaxAgeMs} ms`;
  const head = `${topology}, ${processes} processes, ${seconds} s, seed ${seed}${near}${sabotage ? `, broken: ${sabotage}` : ""}`;
  const lines = [head, "", ...activity(history), ""];
  for (const [reason, count] of countBy(verdict.apart, ({ apart }) => String(apart))) {
    lines.push(`${count} reads counted apart: ${reason}`);
  }
  lines.push(
    `${verdict.stale.length} stale reads`,
    `${verdict.overlaps.length} loads at once that should not be`,
    `${verdict.unpaid.length} evictions not issued again, or failovers not noticed`,
    ...verdict.unpaid.map(({ worker, what }) => `${worker} ${what}`),
    ...verdict.endless.map(
      ({ worker, lastedMs }) => `${worker} took the store for lost for ${Math.round(lastedMs)} ms`,
    ),
    ...verdict.crashes,
  );
  for (const { read, eviction, tag } of verdict.stale.slice(0, SHOWN)) {
    lines.push(
      "",
      `STALE: ${read.key} by ${tag}`,
      ...around(
        history,
        read.key,
        Object.keys(read.value?.versions ?? {}),
        eviction.beginMs,
        read.endMs,
        read.value?.beganMs,
      ),
    );
  }
  for (const { earlier, later } of verdict.overlaps.slice(0, SHOWN)) {
    lines.push(
      "",
      `AT ONCE: ${earlier.load} and ${later.load}`,
      ...around(history, earlier.key, earlier.tags, earlier.calledMs, later.beginMs),
    );
  }
  return lines.join("\n");
}

function activity(history: History): string[] {
  const how = countBy(history.reads, (read) => read.how);
  const writes = [...history.writes.values()];
  const loads = [...history.loads.values()];
  const refused = countBy(
    history.told.filter(({ type }) => type === "refused"),
    ({ reason }) => String(reason),
  );
  const faults = countBy(history.faults, ({ fault }) => fault);
  const outages = outagesOf(history).map(({ lastedMs }) => lastedMs);
  const promotions = history.told.filter(({ type }) => type === "promotion");
  const again = issuedInOutages(history);
  const ended = (type: string, isDone: boolean) =>
    writes.filter((write) => write.type === type && write.done === isDone).length;
  const fault = (name: FaultName) => faults.get(name) ?? 0;
  return [
    `reads      ${history.reads.length}: ${list(how)}`,
    `loads      ${loads.length}: ${loads.filter(({ leasedMs }) => leasedMs !== undefined).length} under a lease, ${loads.filter((load) => load.endMs - load.beginMs > 400).length} longer than one`,
    `evictions  ${ended("evict", true)} delivered, ${ended("evict", false)} not at once; ${ended("delete", true)} deletions, ${ended("set", true)} of ${ended("set", true) + ended("set", false)} sets`,
    `again      ${again.length} times in outages, ${again.reduce((sum, { tags, keys }) => sum + tags.length + keys.length, 0)} tags and keys were evicted that may not have been; ${promotions.length} promotions seen by a process`,
    `refused    ${list(refused) || "none"}`,
    `outages    ${outages.length} of a process, the longest ${Math.round(Math.max(0, ...outages))} ms; ${history.stalls.length} stalls of a process`,
    `faults     ${fault("kill")} kills, ${fault("pause")} pauses, ${fault("cut")} times all connections cut, ${fault("pause server")} pauses of a server`,
    `lost       ${fault("lose version")} versions, ${fault("lose log")} logs, ${fault("lose entry")} entries, ${fault("flush")} times everything, ${fault("forget scripts")} times the scripts`,
    `servers    ${fault("failover")} failovers, ${fault("move slot")} slots moved`,
    ...(history.troubles.length > 0
      ? [`not caused ${list(countBy(history.troubles, (text) => text))}`]
      : []),
  ];
}

/** A caller's evictions are not sent in an outage: these were not delivered, or are issued again. */
function issuedInOutages(history: History): Issue[] {
  const outages = outagesOf(history);
  return [...history.issues.values()].filter((issue) =>
    outages.some(
      ({ worker, beginMs, lastedMs }) =>
        worker === issue.worker && beginMs <= issue.beginMs && issue.beginMs <= beginMs + lastedMs,
    ),
  );
}

/** What happened to a key and its tags, in order of begin. */
function around(
  history: History,
  key: string,
  tags: readonly string[],
  fromMs: number,
  untilMs: number,
  loadBeganMs = fromMs,
): string[] {
  const from = Math.min(fromMs, loadBeganMs) - AROUND_MS / 3;
  const until = untilMs + AROUND_MS / 10;
  const at = (ms: number) => (ms === Number.POSITIVE_INFINITY ? "?" : (ms - from).toFixed(1));
  const rows: Array<[number, number, string]> = [];
  for (const read of history.reads) {
    if (read.key !== key) continue;
    rows.push([
      read.beginMs,
      read.endMs,
      `${read.worker} read ${read.how} of ${read.operation} began ${at(read.operationBeganMs)}: ${read.value ? `${read.value.load} seen ${at(read.value.seenMs)} ${JSON.stringify(read.value.versions)}` : "nothing"}`,
    ]);
  }
  for (const load of history.loads.values()) {
    if (load.key !== key) continue;
    rows.push([
      load.beginMs,
      load.endMs,
      `${load.worker} load ${load.load}${load.leasedMs === undefined ? " past the lease" : ` leased ${at(load.leasedMs)}`}${load.threw ? " threw" : ""} called ${at(load.calledMs)}`,
    ]);
  }
  for (const write of history.writes.values()) {
    if (write.type === "evict" ? !write.tags.some((tag) => tags.includes(tag)) : write.key !== key)
      continue;
    const what = write.type === "evict" ? write.tags.join(" ") : write.key;
    rows.push([
      write.beginMs,
      write.endMs,
      `${write.worker} ${write.type} ${what}${write.done ? "" : " not done"}`,
    ]);
  }
  for (const issue of history.issues.values()) {
    const aims = [
      ...issue.tags.filter((tag) => tags.includes(tag)),
      ...issue.keys.filter((one) => one === key),
    ];
    if (aims.length === 0 && !issue.everything) continue;
    const what = issue.everything ? "everything" : aims.join(" ");
    rows.push([
      issue.beginMs,
      issue.endMs,
      `${issue.worker} store evicts ${what}${issue.done ? "" : " not done"}`,
    ]);
  }
  for (const fault of history.faults) {
    if (concerns(fault, key, tags))
      rows.push([
        fault.beginMs,
        fault.endMs,
        `fault ${fault.fault} ${fault.worker ?? fault.tags?.join(" ") ?? fault.key ?? ""}`,
      ]);
  }
  for (const told of history.told) {
    if (told.key === undefined || told.key === key)
      rows.push([
        told.atMs,
        told.atMs,
        `${told.worker} told ${told.type} ${told.reason ?? ""} ${told.call ?? ""}`,
      ]);
  }
  for (const stall of history.stalls)
    rows.push([stall.beginMs, stall.endMs, `${stall.worker} stall`]);
  return rows
    .filter(([begin, end]) => end >= from && begin <= until)
    .sort(([a], [b]) => a - b)
    .map(([begin, end, text]) => `  ${at(begin).padStart(8)} ${at(end).padStart(8)}  ${text}`);
}

function concerns(fault: Fault, key: string, tags: readonly string[]): boolean {
  if (fault.tags) return fault.tags.some((tag) => tags.includes(tag));
  return fault.key === undefined || fault.key === key;
}

function countBy<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  return counts;
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}
