import type { History, Told } from "./history.js";

/** When what an outage took from a process was back: of a cluster, the very node. Infinity where it was not. */
export function backAtMs({ told }: History, outage: Told): number {
  const back = told.find(
    ({ type, worker, node, atMs }) =>
      type === "recovery" &&
      worker === outage.worker &&
      node === outage.node &&
      atMs >= outage.atMs,
  );
  return back?.atMs ?? Number.POSITIVE_INFINITY;
}

/**
 * When a process had its store back whole, from a moment on; Infinity where it had not. Each node of a cluster has
 * outages of its own, and what needs one that is still lost is delivered only when that is back.
 */
export function wholeAtMs({ told }: History, worker: string, fromMs: number): number {
  const lost = new Set<string | undefined>();
  for (const one of told) {
    if (one.worker !== worker) continue;
    if (one.type === "outage") lost.add(one.node);
    if (one.type !== "recovery") continue;
    lost.delete(one.node);
    if (one.atMs >= fromMs && lost.size === 0) return one.atMs;
  }
  return Number.POSITIVE_INFINITY;
}
