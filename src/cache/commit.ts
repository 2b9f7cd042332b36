import type { Budget } from "./budget.js";
import { type Call, type FillParts, named } from "./call.js";
import type { EncodedValue } from "./codec.js";
import type { EntryDraft, Nonce, Token } from "./entry.js";
import type { EntrySettings } from "./entry-settings.js";
import { NotCacheableError, StoreUnavailableError } from "./errors.js";
import type { RefusalReason } from "./events.js";
import type { Delivered } from "./flights.js";
import { type Loaded, mayHaveOwnTags } from "./load.js";
import { isCoveredBy, type Position } from "./position.js";
import type { RefusalListener } from "./refusals.js";
import type { OnSend, Snapshot, Store } from "./store.js";

/** How long a load that left nothing to store keeps others from waiting for one another. */
const PASS_MS = 1000;

export function passMsOf(call: Call): number {
  return call.isPending ? 0 : PASS_MS;
}

/** Stores what was loaded under a lease, if it may be stored, and gives the lease up either way. Never rejects. */
export async function commitLoaded(
  parts: FillParts,
  call: Call,
  token: Token,
  snapshot: Snapshot,
  loaded: Loaded,
  budget: Budget,
  encoded = encodeValue(parts, call, loaded.value, loaded.onRefusal),
): Promise<Delivered> {
  const tags = [...call.entry.tags, ...loaded.addedTags];
  const delivered: Delivered = {
    type: "value",
    value: loaded.value,
    tags,
    since: ageOf(call.entry, snapshot),
    earlyOnly: mayHaveOwnTags(loaded),
    // Named from the start: of each object that is spread out and given one name more, V8 keeps a description.
    storedMs: undefined,
    ...(encoded && { encoded }),
  };
  const refuse = async (reason: RefusalReason, passMs = passMsOf(call)): Promise<Delivered> => {
    parts.reporter.report({ type: "refused", reason, ...named(call) });
    await releaseLease(parts, call, token, passMs, budget);
    return delivered;
  };

  if (!encoded) return refuse("not cacheable");
  if (!isYoungEnough(call.entry, snapshot)) {
    // The next load may well be young enough, and need not be one of many. Nor may a joiner's operation have the value,
    // which may have begun after what this load saw was evicted.
    const { encoded: _, ...own } = await refuse("operation too old", 0);
    return own;
  }
  const reason = refusalOf(parts, call, encoded, loaded);
  if (reason) return refuse(reason);
  const ttlMs = ttlOf(call.entry, loaded);

  try {
    const { store, settings } = parts;
    const { addedTags } = loaded;
    const known = call.entry.tags.map((tag) => snapshot.nonces.get(tag) as Nonce);
    const added =
      addedTags.length === 0
        ? []
        : await budget.spend((onSend) => noncesOf(store, call.entry, snapshot, addedTags, onSend));
    if (!added) return await refuse("tag moved");
    const storedMs = jittered(ttlMs, settings.ttlJitter);
    const draft: EntryDraft = {
      ttlMs: storedMs,
      staleWhileRevalidateMs: call.entry.staleWhileRevalidateMs,
      staleIfErrorMs: call.entry.staleIfErrorMs,
      loadMs: loaded.loadMs,
      since: ageOf(call.entry, snapshot) ?? undefined,
      tags,
      nonces: [...known, ...added],
      format: encoded.format,
      value: encoded.bytes,
    };
    const birthMs = await budget.spend((onSend) => store.commit(call.key, token, draft, onSend));
    if (birthMs === undefined) return await refuse("lease lost");
    parts.reporter.report({
      type: "fill",
      loadSeconds: loaded.loadMs / 1000,
      bytes: encoded.bytes.byteLength,
      ...named(call),
    });
    return { ...delivered, storedMs };
  } catch (error) {
    // The value is good, whatever became of the store; nobody need wait for a lease that has nothing left to do.
    parts.store.releaseLease(call.key, token, 0).catch(() => {});
    if (error instanceof StoreUnavailableError) parts.outage.notice(error);
    else parts.reporter.error(error, named(call));
    return delivered;
  }
}

/** Why such a value is never stored, whatever became of key and tags; undefined where it can be. */
export function refusalOf(
  { settings }: FillParts,
  { entry }: Call,
  { bytes }: EncodedValue,
  loaded: Loaded,
): RefusalReason | undefined {
  if (bytes.byteLength > settings.maxValueBytes) return "too large";
  if (ttlOf(entry, loaded) > 0) return undefined;
  return loaded.ttlMs === 0 ? "ttl" : "null";
}

export function encodeValue(
  parts: FillParts,
  call: Call,
  value: unknown,
  onRefusal?: RefusalListener,
): EncodedValue | undefined {
  try {
    return parts.codec.encode(value);
  } catch (error) {
    const refusal =
      error instanceof NotCacheableError
        ? error
        : new NotCacheableError("A cached value must be encodable; this one is not.", {
            cause: error,
          });
    parts.reporter.errorOnce(refusal, named(call));
    onRefusal?.(refusal);
    return undefined;
  }
}

/**
 * The versions of tags known only from the result; undefined when one of them was evicted after the load began, or after
 * the operation began that the load belongs to.
 */
async function noncesOf(
  store: Store,
  entry: EntrySettings,
  before: Snapshot,
  addedTags: readonly string[],
  onSend: OnSend,
): Promise<Nonce[] | undefined> {
  const after = await store.snapshot(addedTags, onSend);
  if (!areCovered(after, addedTags, before.head)) return undefined;
  if (entry.since && !areCovered(after, addedTags, entry.since)) return undefined;
  return addedTags.map((tag) => after.nonces.get(tag) as Nonce);
}

/** True when no eviction of any of the tags can have escaped somebody who knows the log up to `since`. */
function areCovered(snapshot: Snapshot, tags: readonly string[], since: Position): boolean {
  return tags.every((tag) => {
    const floor = snapshot.floors.get(tag);
    return floor !== undefined && isCoveredBy(floor, since);
  });
}

/**
 * True when nothing was evicted, deleted or cleared since the operation began that it may remember, and that belongs to
 * this key.
 */
export function isYoungEnough({ tags, since }: EntrySettings, snapshot: Snapshot): boolean {
  const { head, deletedAt } = snapshot;
  if (since === undefined) return true;
  if (since === null || since.epoch !== head.epoch) return false;
  return areCovered(snapshot, tags, since) && (!deletedAt || isCoveredBy(deletedAt, since));
}

/** A load that belongs to no operation sees nothing older than its snapshot. */
function ageOf({ since }: EntrySettings, { head }: Snapshot): Position | null {
  return since === undefined ? head : since;
}

function ttlOf(entry: EntrySettings, loaded: Loaded): number {
  if (loaded.ttlMs !== undefined) return loaded.ttlMs;
  const isNull = loaded.value === null || loaded.value === undefined;
  return isNull ? entry.nullTtlMs : entry.ttlMs;
}

function jittered(ttlMs: number, jitter: number): number {
  return Math.max(1, Math.round(ttlMs * (1 - jitter * Math.random())));
}

export async function releaseLease(
  parts: FillParts,
  call: Call,
  token: Token,
  passMs: number,
  budget: Budget,
): Promise<void> {
  try {
    await budget.spend(() => parts.store.releaseLease(call.key, token, passMs));
  } catch (error) {
    // It runs out by itself.
    if (error instanceof StoreUnavailableError) parts.outage.notice(error);
    else parts.reporter.error(error, named(call));
  }
}
