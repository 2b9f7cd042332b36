/**
 * XFetch: whether this reader should refresh an entry that is still fresh. The nearer its expiry and the longer its
 * load (Δ), the likelier, so that one of many readers refreshes a hot entry before all of them find it expired.
 *
 * Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015.
 */
export function shouldRefreshEarly(
  loadMs: number,
  expiresMs: number,
  nowMs: number,
  beta: number,
): boolean {
  return beta > 0 && nowMs - loadMs * beta * Math.log(1 - Math.random()) >= expiresMs;
}
