import { createBudget } from "./budget.js";
import { type Call, type FillParts, named } from "./call.js";
import { commitLoaded, encodeValue, releaseLease } from "./commit.js";
import type { CarriedOut } from "./evictions.js";
import { keepLease, takeLease } from "./lease.js";
import { randomId } from "./random.js";
import type { EvictedVersion, Snapshot, Token } from "./store.js";

export interface WriteParts extends FillParts {
  /** Both are remembered, and bind this process at once, where the store is out of reach. They never reject. */
  evict(tags: readonly string[]): Promise<CarriedOut | undefined>;
  delete(key: string): Promise<CarriedOut | undefined>;
}

/** A key whose value is on its way to the origin: no fill of it can commit meanwhile. */
export interface HeldWrite {
  /**
   * Makes the value the entry, now that the origin has it and its tags were evicted; false where it may be outdated.
   * The lease is given up either way.
   */
  store(evicted: CarriedOut | undefined): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Takes the lease and the snapshot for a value that is about to be written, over whatever fill is under way: what that
 * one brings home may be from before the write. undefined where the value cannot be stored, or the store is away.
 */
export async function holdForWrite(
  parts: WriteParts,
  call: Call,
  value: unknown,
): Promise<HeldWrite | undefined> {
  const { store, outage, settings } = parts;
  const { key, entry } = call;
  if (outage.isOn || !encodeValue(parts, call, value)) return undefined;
  const request = { key, tags: entry.tags, token: randomId(), leaseMs: settings.leaseMs };
  let token: Token;
  let snapshot: Snapshot;
  try {
    const grant = await takeLease(store, { ...request, over: "any", outlastsEvictions: true });
    if (!grant.taken) return undefined;
    ({ token, snapshot } = grant);
  } catch (error) {
    outage.notice(error);
    return undefined;
  }
  const budget = createBudget(settings.commandTimeoutMs, outage.notice);
  const kept = keepLease(store, { ...request, token });

  return {
    async store(evicted) {
      kept.stop();
      const nonces = noncesAfter(entry.tags, snapshot, evicted?.versions);
      if (!nonces) {
        parts.reporter.report({ type: "refused", reason: "tag moved", ...named(call) });
        await releaseLease(parts, call, token, 0, budget);
        return false;
      }
      const loaded = { value, addedTags: [], ttlMs: undefined, loadMs: 0 };
      const { stored } = await commitLoaded(
        parts,
        call,
        token,
        { ...snapshot, nonces },
        loaded,
        budget,
      );
      return stored !== undefined;
    },
    async release() {
      kept.stop();
      await releaseLease(parts, call, token, 0, budget);
    },
  };
}

/**
 * The versions that the writer's own eviction made, if it found the tags as the snapshot did. Had another evicted one of
 * them in between, its write may have come after this one: stored under the newest versions, this value would hide
 * that one until its ttl.
 */
function noncesAfter(
  tags: readonly string[],
  { nonces: before }: Snapshot,
  versions: ReadonlyMap<string, EvictedVersion> = new Map(),
): Map<string, string> | undefined {
  const nonces = new Map<string, string>();
  for (const tag of tags) {
    const version = versions.get(tag);
    if (!version || version.before !== before.get(tag)) return undefined;
    nonces.set(tag, version.after);
  }
  return nonces;
}
