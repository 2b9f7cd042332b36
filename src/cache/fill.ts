import type { Budget } from "./budget.js";
import { type Call, type FillParts, named } from "./call.js";
import { commitLoaded, passMsOf, releaseLease } from "./commit.js";
import type { Token } from "./entry.js";
import type { Ending } from "./flights.js";
import { keepLease } from "./lease.js";
import type { Loaded } from "./load.js";
import { olderOf, type Position } from "./position.js";
import type { Snapshot } from "./store.js";

/** undefined where neither the near cache nor the load itself has seen anything older. */
function ageOf(
  near: Position | null | undefined,
  own: Position | null | undefined,
): Position | null | undefined {
  if (near === undefined) return own;
  return own === undefined ? near : olderOf(near, own);
}

/**
 * Load and commit, under a lease already taken. Always gives the lease up, and never rejects: what fails inside the
 * cache is reported, what the load throws is handed on.
 */
export async function fill(
  parts: FillParts,
  call: Call,
  token: Token,
  snapshot: Snapshot,
  budget: Budget,
): Promise<Ending> {
  const { store, reporter, settings } = parts;
  const { leaseMs } = settings;
  const lease = keepLease(store, { key: call.key, tags: call.entry.tags, token, leaseMs });
  try {
    let loaded: Loaded;
    const sawNear = parts.watchNear?.();
    if (!call.isPending) reporter.report({ type: "load", stored: true, ...named(call) });
    try {
      loaded = await parts.loads.run(call.key, call.entry, call.load);
    } catch (error) {
      await releaseLease(parts, call, token, passMsOf(call), budget);
      return { type: "error", error };
    }
    // What another process evicted before the load began may have been near still, and the load have seen it.
    const since = ageOf(call.entry.since === undefined ? sawNear?.() : undefined, loaded.since);
    const aged = since === undefined ? call : { ...call, entry: { ...call.entry, since } };
    return await commitLoaded(parts, aged, token, snapshot, loaded, budget);
  } finally {
    lease.stop();
  }
}
