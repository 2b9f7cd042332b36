import { type Answer, createAnswers, isFiledUnder } from "./answers.js";
import { type Call, type FillParts, named } from "./call.js";
import { shouldRefreshEarly } from "./early-refresh.js";
import { RefreshError } from "./errors.js";
import { cameBefore, type Flight, type Flights, isForJoiner, mayJoinFill } from "./flights.js";
import { createLead } from "./lead.js";
import type { Reading } from "./store.js";
import { createUnleased, type UnleasedParts } from "./unleased.js";
import { Waiting } from "./waiting.js";
import type { WaitingRooms } from "./waiting-rooms.js";

export interface LookupParts extends FillParts, Pick<UnleasedParts, "bareLoads" | "outageLoads"> {
  readonly rooms: WaitingRooms;
  readonly flights: Flights;
  /** Reads one key, and keeps what it found near where that is wanted. */
  readonly read: (call: Call) => Promise<Reading>;
}

export interface Lookups {
  /** Finds the call's entry or loads it, and gives of the answer what is wanted. Rejects with what the load threw. */
  find<T>(call: Call, give: (answer: Answer) => T): Promise<T>;
  /** Refreshes the call's entry in the background, if it is there and nobody fills it. */
  refreshEarly(call: Call): void;
}

/** The algorithm: read; else join the fill under way; else wait for another's; else take the lease, load, commit. */
export function createLookups(parts: LookupParts): Lookups {
  const { store, outage, rooms, flights, reporter, settings } = parts;
  const answers = createAnswers(parts);
  const unleased = createUnleased({ ...parts, answers });
  const { passing, alone, withoutStore } = unleased;
  const lead = createLead({ ...parts, ...unleased, answers });
  /** What a crowd gets of one reading is worked out once: their processor time is what the last of them waits for. */
  const answered = new WeakMap<Reading, () => Answer | undefined>();

  return {
    find,
    refreshEarly(call) {
      if (outage.isOn || flights.get(call.key)) return;
      parts.read(call).then(
        (reading) => {
          const { entry, valid, lease, pass } = reading;
          const isThere = entry && valid && isFiledUnder(entry.tags, call.entry.tags);
          if (isThere && !lease && !pass) refresh(call, reading);
        },
        (error) => outage.notice(error),
      );
    },
  };

  async function find<T>(call: Call, give: (answer: Answer) => T): Promise<T> {
    let waiting: Waiting | undefined;
    for (;;) {
      let reading: Reading | undefined;
      let failure: unknown;
      try {
        if (isTrusted(call, call.entry.tags)) {
          reading = await (waiting?.nextLook() ?? parts.read(call));
        }
      } catch (error) {
        failure = error;
        outage.notice(error);
      }
      if (!reading || !isTrusted(call, reading.entry?.tags)) {
        if (!waiting) reporter.happened("miss", call.key, call.entry.coordinate);
        return give(await withoutStore(call, failure));
      }
      const found = waiting?.began
        ? fromCrowd(call, reading, waiting)
        : fromEntry(call, reading, waiting);
      if (found) return give(found);
      waiting ??= missed(call);
      const flight = joinable(call, reading, waiting);
      if (flight) {
        const joined = (await waiting.until(flight.landed)) && fromFlight(call, reading, flight);
        if (joined) return give(joined);
        continue;
      }
      const loading = fromLoad(call, reading, waiting);
      if (!loading) continue;
      const loaded = await loading;
      if (loaded) return give(loaded);
    }
  }

  /** What this process evicted, and could not deliver, it asks no store for. */
  function isTrusted({ key }: Call, tags: readonly string[] = []): boolean {
    return !outage.isOn && !outage.distrusts(key, tags);
  }

  /** The fill under way in this process, if the caller may have what comes of it. Deadline and marker go first: `fromLoad`. */
  function joinable(call: Call, reading: Reading, waiting: Waiting): Flight | undefined {
    const flight = flights.get(call.key);
    if (!flight || !mayJoinFill(flight, reading)) return undefined;
    return reading.pass || waiting.isOver() ? undefined : flight;
  }

  /** Waits or leads; undefined means: look again. Not async: a crowd that waits for another's lease passes here. */
  function fromLoad(
    call: Call,
    reading: Reading,
    waiting: Waiting,
  ): Promise<Answer | undefined> | undefined {
    if (waiting.isOver()) return passing(call, reading);
    if (reading.pass) return passingBeside(call, reading);
    const flight = flights.get(call.key);
    if (flight && !flight.token) return behindLease(flight, waiting);
    if (reading.lease && !reading.lease.doomed) {
      waiting.stayBehind(reading.lease);
      return undefined;
    }
    if (call.entry.since === null) return alone(call, true);
    return leadFor(call, reading, waiting);
  }

  async function leadFor(call: Call, reading: Reading, waiting: Waiting) {
    const led = await lead(call, reading);
    if (!led) await waiting.wasRefused();
    return led;
  }

  /** To look again when it is granted: then there is a fill to join. */
  async function behindLease(flight: Flight, waiting: Waiting): Promise<undefined> {
    await waiting.until(flight.leased);
    if (!flight.token) await waiting.wasRefused();
  }

  /** Others of its group may have leases to take first; their loads and this one are to reach a DataLoader as one batch. */
  async function passingBeside(call: Call, reading: Reading): Promise<Answer> {
    const { loadGroup } = call.entry;
    if (loadGroup) await store.besideLeases?.(loadGroup);
    return passing(call, reading);
  }

  /** How the flight that was joined ended; undefined where that is nothing for this caller. */
  function fromFlight(call: Call, reading: Reading, flight: Flight): Answer | undefined {
    const { landing } = flight;
    const isEarly = cameBefore(flight, reading, call.entry);
    if (!landing || !isForJoiner(landing, isEarly)) return undefined;
    return answers.fromOthers(call, landing, "waited");
  }

  function missed({ key, entry: { tags, coordinate } }: Call): Waiting {
    reporter.happened("miss", key, coordinate);
    const tellWait = () => reporter.happened("wait", key, coordinate);
    return new Waiting(rooms, key, tags, settings.waitMs, tellWait);
  }

  /**
   * Only those share a reading who asked for one key with the same tags, and here all of them waited: one entry, one
   * status, one look at the clock.
   */
  function fromCrowd(call: Call, reading: Reading, waiting: Waiting): Answer | undefined {
    const again = answered.get(reading);
    if (again) return again();
    const found = fromEntry(call, reading, waiting);
    if (found && reading.entry) {
      answered.set(reading, answers.repeated(call.key, reading.entry, found));
    }
    return found;
  }

  /** A fresh entry, or a stale one inside its window, for which a refresh is begun; undefined: there is none. */
  function fromEntry(call: Call, reading: Reading, waiting?: Waiting): Answer | undefined {
    const { entry } = reading;
    if (!entry || !reading.valid || !isFiledUnder(entry.tags, call.entry.tags)) return undefined;
    const now = store.now();
    const freshUntil = entry.birthMs + entry.ttlMs;
    const isFresh = now < freshUntil;
    if (!isFresh && now >= freshUntil + entry.staleWhileRevalidateMs) return undefined;
    const status = waiting?.began ? "waited" : isFresh ? "hit" : "stale";
    const found = answers.fromEntry(call.key, entry, now, status);
    if (!found) return undefined;
    if (!waiting) tellHit(call, isFresh, found.ageSeconds);
    const { loadMs } = entry;
    if (!isFresh || shouldRefreshEarly(loadMs, freshUntil, now, settings.earlyRefresh)) {
      if (!reading.lease && !reading.pass) refresh(call, reading);
    }
    return found;
  }

  function tellHit(call: Call, isFresh: boolean, ageSeconds: number): void {
    if (isFresh) reporter.hit({ key: call.key, coordinate: call.entry.coordinate }, ageSeconds);
    else reporter.report({ type: "staleHit", reason: "revalidate", ageSeconds, ...named(call) });
  }

  function refresh(call: Call, reading: Reading): void {
    if (flights.get(call.key)) return;
    const { refresh: ownLoad } = call.entry;
    // A load of its own sees nothing older than its start; the caller's sees what the caller's operation saw.
    const refreshing: Call = ownLoad
      ? { key: call.key, entry: { ...call.entry, since: undefined }, load: ownLoad }
      : call;
    if (refreshing.entry.since === null) return;
    reporter.report({ type: "refresh", ...named(call) });
    lead(refreshing, reading, false).catch((cause) => {
      const text = "A refresh in the background must succeed, but the load failed.";
      reporter.error(new RefreshError(text, { cause, ...named(call) }), named(call));
    });
  }
}
