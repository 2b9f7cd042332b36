import { type Budget, createBudget } from "../budget.js";
import type { FillParts } from "../call.js";
import type { Store } from "../store.js";
import type { Pin } from "./pins.js";

/**
 * The pin that was found, or the newer one that has come in its place. "done" where its write, or a newer one, was
 * unpinned since; "left" where the write is nowhere. On a cluster the two lie on different nodes: a failover of the one
 * may bring a pin back, and that of the other lose a write. Such a pin would hide the origin for as long as pins live,
 * so it is taken away, without the trace that a write leaves which is done with: to all who read it, it was left.
 *
 * The stream is asked once the pin was read. Why its answer can be trusted:
 *
 * - A write is on the stream before it is pinned (put.ts): what is not there is not about to come.
 * - It leaves the stream only once it is pinned no more (finish.ts, bury.ts): the origin has it, or a newer one, or it
 *   was given up. Or, unwritten, once a newer one is pinned (flush.ts), as may have happened since the pin was read.
 *   Taking the pin away tells of that one, which is then asked for in its turn.
 * - A write that is put again after it was given up has another place, and is not pinned: at the old one there is none.
 * - What is committed from a pin after a yes is as old as the pin: a flush that unpins it meanwhile evicts after that.
 * - What a server lost, a process may still have in hand. Until that has flushed it, readers have the origin's value.
 */
export async function pendingOf(
  { pins }: Pick<Store, "pins">,
  key: string,
  found: Pin,
): Promise<Pin | "left" | "done"> {
  let pin = found;
  while (!(await pins.isPending(pin))) {
    const taken = await pins.forget(key, pin.sequence);
    if (taken === "done") return "done";
    if (taken !== "newer") return "left";
    const newer = await pins.pinned(key);
    // It went as well, in one way or the other.
    if (!newer) return (await pins.forget(key, pin.sequence)) === "none" ? "left" : "done";
    pin = newer;
  }
  return pin;
}

/** The same within a call's budget. Where nobody can tell, the pin stands: few are left behind. */
export async function pendingIfKnown(
  { store, outage }: Pick<FillParts, "store" | "outage">,
  key: string,
  found: Pin,
  budget: Budget,
): Promise<Pin | undefined> {
  try {
    const pending = await budget.spend(() => pendingOf(store, key, found));
    return typeof pending === "string" ? undefined : pending;
  } catch (error) {
    outage.notice(error);
    return found;
  }
}

/** The key's pending write, for whoever takes no lease with which that would come. Rejects as `Pins.pinned` does. */
export async function pendingPin(
  parts: Pick<FillParts, "store" | "outage" | "settings">,
  key: string,
): Promise<Pin | undefined> {
  const { store, outage, settings } = parts;
  const budget = createBudget(settings.commandTimeoutMs, outage.notice);
  const found = await budget.spend(() => store.pins.pinned(key));
  return found && pendingIfKnown(parts, key, found, budget);
}
