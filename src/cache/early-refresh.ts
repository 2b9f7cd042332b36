import type { Entry } from "./store.js";

/**
 * XFetch: whether this reader should refresh an entry that is still fresh. The nearer its expiry and the longer its
 * load (Δ), the likelier, so that one of many readers refreshes a hot entry before all of them find it expired.
 *
 * Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015.
 */
export function shouldRefreshEarly(entry: Entry, nowMs: number, beta: number): boolean {
  if (beta === 0) return false;
  const expiresMs = entry.birthMs + entry.ttlMs;
  return nowMs - entry.loadMs * beta * Math.log(1 - Math.random()) >= expiresMs;
}
