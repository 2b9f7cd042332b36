import { createBudget } from "./budget.js";
import { type Call, type FillParts, named } from "./call.js";
import { commitLoaded, encodeValue, releaseLease } from "./commit.js";
import type { Token } from "./entry.js";
import type { CarriedOut } from "./evictions.js";
import { keepLease, takeLease } from "./lease.js";
import { isCoveredBy } from "./position.js";
import { randomId } from "./random.js";
import type { EvictedVersion, Snapshot } from "./store.js";

export interface WriteParts extends FillParts {
  /** Both are remembered, and bind this process at once, where the store is out of reach. They never reject. */
  evict(tags: readonly string[]): Promise<CarriedOut | undefined>;
  delete(key: string): Promise<CarriedOut | undefined>;
}

/** A key whose value is on its way to the origin: no fill of it can commit meanwhile. */
export interface HeldWrite {
  /** Makes the value the entry; false where it may be outdated. The lease is given up either way. */
  store(): Promise<boolean>;
  /** The same, where the writer has evicted the value's tags in between. */
  storeAfter(evicted: CarriedOut | undefined): Promise<boolean>;
  /** Does nothing where it was given up already. */
  release(): Promise<void>;
}

/**
 * Takes the lease and the snapshot for a value that is about to be written, over whatever fill is under way: what that
 * one brings home may be from before the write. undefined where the value cannot be stored, or the store is away.
 *
 * @param before the snapshot, for a value that has been written since: then it loses to what came in between
 */
export async function holdForWrite(
  parts: WriteParts,
  call: Call,
  value: unknown,
  before?: Snapshot,
): Promise<HeldWrite | undefined> {
  const { store, outage, settings } = parts;
  const { key, entry } = call;
  if (outage.isOn || !encodeValue(parts, call, value)) return undefined;
  const request = { key, tags: entry.tags, token: randomId(), leaseMs: settings.leaseMs };
  const budget = createBudget(settings.commandTimeoutMs, outage.notice);
  let token: Token;
  let snapshot: Snapshot;
  try {
    const how = {
      over: "any",
      outlastsEvictions: true,
      asksDeletion: before !== undefined,
    } as const;
    const grant = await takeLease(store, { ...request, ...how });
    if (!grant.taken) return undefined;
    token = grant.token;
    snapshot = before ?? grant.snapshot;
    const { deletedAt } = grant.snapshot;
    if (before && deletedAt && !isCoveredBy(deletedAt, before.head)) {
      await releaseLease(parts, call, token, 0, budget);
      return undefined;
    }
  } catch (error) {
    outage.notice(error);
    return undefined;
  }
  const kept = keepLease(store, { ...request, token });
  let isHeld = true;

  async function commit(nonces: Snapshot["nonces"]): Promise<boolean> {
    const loaded = { value, addedTags: [], ttlMs: undefined, loadMs: 0 };
    const { storedMs } = await commitLoaded(
      parts,
      call,
      token,
      { ...snapshot, nonces },
      loaded,
      budget,
    );
    return storedMs !== undefined;
  }

  /** False where it was let go before. */
  function letGo(): boolean {
    const wasHeld = isHeld;
    isHeld = false;
    kept.stop();
    return wasHeld;
  }

  return {
    store() {
      letGo();
      return commit(snapshot.nonces);
    },
    async storeAfter(evicted) {
      letGo();
      const nonces = noncesAfter(entry.tags, snapshot, evicted?.versions);
      if (nonces) return commit(nonces);
      parts.reporter.report({ type: "refused", reason: "tag moved", ...named(call) });
      await releaseLease(parts, call, token, 0, budget);
      return false;
    },
    async release() {
      if (letGo()) await releaseLease(parts, call, token, 0, budget);
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
