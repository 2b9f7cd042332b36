import type { Answer, Answers } from "./answers.js";
import type { BareLanding, BareLoads } from "./bare-load.js";
import { type Call, type FillParts, named } from "./call.js";
import { StoreUnavailableError } from "./errors.js";
import { cameBefore, type Flight, isNoYounger, mayJoinBareLoad } from "./flights.js";
import { isCoveredBy } from "./position.js";
import { nextSequence } from "./sequence.js";
import type { Reading } from "./store.js";
import type { LookupStatus } from "./types.js";

export interface UnleasedParts extends Pick<FillParts, "settings" | "outage"> {
  readonly answers: Answers;
  /** Loads that pass markers and deadlines send past the lease. */
  readonly bareLoads: BareLoads;
  /** Loads while the store is out of reach. */
  readonly outageLoads: BareLoads;
}

/** Answers by loads that take no lease, and whose results are not stored: who may share one with whom. */
export interface Unleased {
  /** Past a lease or its marker, for whoever has read the key; shared by those who read the same. */
  passing(call: Call, reading: Reading): Promise<Answer>;
  /** Shared by nobody. */
  alone(call: Call, asksPin: boolean): Promise<Answer>;
  /** Where the store is out of reach, or refused a step. Throws that with `onOutage: "throw"`. */
  withoutStore(call: Call, failure?: unknown): Promise<Answer>;
}

export function createUnleased({
  settings,
  outage,
  answers,
  bareLoads,
  outageLoads,
}: UnleasedParts): Unleased {
  return { passing, alone, withoutStore };

  async function passing(call: Call, reading: Reading): Promise<Answer> {
    const { tags, since } = call.entry;
    const answered = await bareLoads.shared(call, {
      mayJoin: (flight) => mayJoinBareLoad(flight, reading, since),
      isEarly: (flight) => cameBefore(flight, reading, call.entry),
      nonces: reading.versions.size === tags.length ? reading.versions : undefined,
      token: reading.token,
      // What is put takes a pass marker away, and none comes back while it is pending.
      asksPin: !reading.pass,
    });
    return fromBareLoad(call, answered, "bypassed");
  }

  async function alone(call: Call, asksPin: boolean): Promise<Answer> {
    const { landing } = await bareLoads.alone(call, asksPin);
    return answers.fromOwn(landing, "bypassed");
  }

  async function withoutStore(call: Call, failure?: unknown): Promise<Answer> {
    // One step that was refused is no outage: an eviction may be going through, so nobody shares this load.
    if (failure && !(failure instanceof StoreUnavailableError) && !outage.isOn) {
      return alone(call, true);
    }
    if (settings.onOutage === "throw") throw outage.error(named(call));
    const calledAt = nextSequence();
    const head = outage.position();
    const { since } = call.entry;
    const answered = await outageLoads.shared(call, {
      mayJoin: (flight) =>
        sawNothingEvicted(call, flight.since) || isNoYounger(since, flight.since),
      // It began before the call, but nothing at all was evicted in between, or it began after it.
      isEarly: (flight) =>
        flight.since ? isCoveredBy(head, flight.since) : calledAt < flight.sequence,
      asksPin: false,
    });
    return fromBareLoad(call, answered, "outage");
  }

  /** Whoever loads in an outage is joined until this process evicts it; this one sees nothing from before the last time. */
  function sawNothingEvicted({ key, entry }: Call, since: Flight["since"]): boolean {
    return since === undefined || (since !== null && outage.isCurrent(since, key, entry.tags));
  }

  async function fromBareLoad(
    call: Call,
    { landing, own }: BareLanding,
    status: LookupStatus,
  ): Promise<Answer> {
    if (own) return answers.fromOwn(landing, status);
    return answers.fromOthers(call, landing, status) ?? (await alone(call, !outage.isOn));
  }
}
