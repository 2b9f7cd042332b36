import type { Answer, Answers } from "./answers.js";
import { createBudget } from "./budget.js";
import { type Call, type FillParts, named } from "./call.js";
import { isYoungEnough } from "./commit.js";
import { fill } from "./fill.js";
import type { Flights } from "./flights.js";
import { takeLease } from "./lease.js";
import { randomId } from "./random.js";
import type { LeaseGrant, Reading } from "./store.js";
import type { Unleased } from "./unleased.js";
import { pendingIfKnown } from "./write-behind/pending-pin.js";
import { standIn } from "./write-behind/stand-in.js";

export interface LeadParts extends FillParts, Unleased {
  readonly flights: Flights;
  readonly answers: Answers;
}

/**
 * Takes the lease of what was read, loads and commits: the fill of this process for its key. Where the lease cannot be
 * had, or the operation is too old, it loads for the caller alone.
 *
 * @param isAwaited false in the background: without a lease there is nobody to load for. Default true
 * @returns undefined where the lease was refused, or nobody was to be loaded for. Rejects with what the load threw
 */
export type Lead = (
  call: Call,
  reading: Reading,
  isAwaited?: boolean,
) => Promise<Answer | undefined>;

export function createLead(parts: LeadParts): Lead {
  const { store, outage, flights, reporter, settings, answers } = parts;
  const { passing, alone, withoutStore } = parts;

  return async function lead(call, reading, isAwaited = true) {
    const { key, entry } = call;
    const flight = flights.start(key, entry);
    const budget = createBudget(settings.commandTimeoutMs, outage.notice);
    try {
      let grant: LeaseGrant;
      try {
        const request = {
          key,
          tags: entry.tags,
          token: randomId(),
          leaseMs: settings.leaseMs,
          over: reading.token,
          overHeld: reading.doomed,
          asksDeletion: entry.since !== undefined,
          asksPin: true,
          group: entry.loadGroup,
        };
        grant = await takeLease(store, request, budget);
      } catch (error) {
        outage.notice(error);
        flight.land({ type: "again" });
        if (!isAwaited) return undefined;
        // What was read is known: whoever read the same may share the load.
        return await (outage.isOn ? withoutStore(call) : passing(call, reading));
      }
      if (!grant.taken) return undefined;
      const { token, pinned } = grant;
      const pin = pinned && (await pendingIfKnown(parts, key, pinned, budget));
      if (!isYoungEnough(entry, grant.snapshot)) {
        // Its loaders may have memoised what was evicted since; a younger operation may well fill.
        await budget.spend(() => store.releaseLease(key, token, 0)).catch(outage.notice);
        flight.land({ type: "again" });
        reporter.report({ type: "refused", reason: "operation too old", ...named(call) });
        if (!isAwaited) return undefined;
        return await alone(standIn(parts, call, pin), false);
      }
      flight.token = token;
      flight.nonces = grant.snapshot.nonces;
      flight.settleLease();
      const filled = await fill(parts, standIn(parts, call, pin), token, grant.snapshot, budget);
      flight.land(filled);
      return answers.fromOwn(filled, "miss");
    } finally {
      flight.land({ type: "again" });
    }
  };
}
