import type { Budget } from "./budget.js";
import { type Call, type FillParts, named } from "./call.js";
import { commitLoaded, PASS_MS, releaseLease } from "./commit.js";
import type { Ending } from "./flights.js";
import { keepLease } from "./lease.js";
import type { Loaded } from "./load.js";
import type { Snapshot, Token } from "./store.js";

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
    reporter.report({ type: "load", stored: true, ...named(call) });
    try {
      loaded = await parts.loads.run(call.key, call.entry, call.load);
    } catch (error) {
      await releaseLease(parts, call, token, PASS_MS, budget);
      return { type: "error", error };
    }
    // What another process evicted before the load began may have been near still, and the load have seen it.
    const since = call.entry.since === undefined ? sawNear?.() : undefined;
    const aged = since === undefined ? call : { ...call, entry: { ...call.entry, since } };
    return await commitLoaded(parts, aged, token, snapshot, loaded, budget);
  } finally {
    lease.stop();
  }
}
