import { createBudget } from "./budget.js";
import { type Call, type FillParts, named } from "./call.js";
import { commitLoaded, encodeValue, refusalOf } from "./commit.js";
import { takeLease } from "./lease.js";
import { randomId } from "./random.js";

/**
 * Stores a value that the caller has at hand; false when it was not stored.
 *
 * Lease and snapshot are taken at the call, over whatever fill is under way: that one loses, and so does this one if
 * its key or a tag is evicted before it is written.
 */
export function createSetter(parts: FillParts): (call: Call, value: unknown) => Promise<boolean> {
  const { store, settings, outage, reporter } = parts;

  return async (call, value) => {
    const { key, entry } = call;
    // What cannot be stored changes nothing: the lease would void a fill for no gain.
    const encoded = encodeValue(parts, call, value);
    if (!encoded) return false;
    const loaded = { value, addedTags: [], ttlMs: undefined, loadMs: 0 };
    const reason = refusalOf(parts, call, encoded, loaded);
    if (reason) {
      reporter.report({ type: "refused", reason, ...named(call) });
      return false;
    }
    const { leaseMs } = settings;
    const asksDeletion = entry.since !== undefined;
    const request = { key, tags: entry.tags, token: randomId(), leaseMs, asksDeletion };
    const budget = createBudget(settings.commandTimeoutMs, outage.notice);
    const grant = await takeLease(store, { ...request, over: "any" }, budget);
    if (!grant.taken) return false;
    const { token, snapshot } = grant;
    const { storedMs } = await commitLoaded(parts, call, token, snapshot, loaded, budget, encoded);
    return storedMs !== undefined;
  };
}
