import type { BareLanding, BareLoads } from "./bare-load.js";
import { type Call, type FillParts, named } from "./call.js";
import type { EncodedValue } from "./codec.js";
import { isYoungEnough } from "./commit.js";
import { shouldRefreshEarly } from "./early-refresh.js";
import { RefreshError } from "./errors.js";
import { fill } from "./fill.js";
import {
  cameBefore,
  type Delivered,
  type Ending,
  type Flight,
  type Flights,
  isForJoiner,
  isNoYounger,
  mayJoinBareLoad,
  mayJoinFill,
} from "./flights.js";
import { takeLease } from "./lease.js";
import type { Outage } from "./outage.js";
import { randomId } from "./random.js";
import type { Entry, LeaseGrant, Reading } from "./store.js";
import type { Lookup, LookupStatus } from "./types.js";
import { createWaiting, type Waiting } from "./waiting.js";
import type { WaitingRooms } from "./waiting-rooms.js";
import { standIn } from "./write-behind/stand-in.js";

export interface LookupParts extends FillParts {
  readonly outage: Outage;
  readonly rooms: WaitingRooms;
  readonly flights: Flights;
  /** Loads that pass markers and deadlines send past the lease. */
  readonly bareLoads: BareLoads;
  /** Loads while the store is out of reach. */
  readonly outageLoads: BareLoads;
}

type Answer = Lookup<unknown>;

export interface Lookups {
  /** Finds the call's entry or loads it. Rejects with what the load threw. */
  find(call: Call): Promise<Answer>;
  /** The entry's value if it is fresh and valid, else undefined. */
  peek(key: string): Promise<unknown>;
}

/** The algorithm: read; else join the fill under way; else wait for another's; else take the lease, load, commit. */
export function createLookups(parts: LookupParts): Lookups {
  const { store, outage, rooms, flights, bareLoads, outageLoads, reporter, codec, settings } =
    parts;

  return {
    find: (call) => (call.entry.staleIfErrorMs > 0 ? answerOrStale(call) : answer(call)),
    peek,
  };

  async function answer(call: Call): Promise<Answer> {
    let waiting: Waiting | undefined;
    for (;;) {
      let reading: Reading | undefined;
      try {
        if (!outage.isOn) reading = await (waiting?.nextLook() ?? read(call));
      } catch (error) {
        outage.notice(error);
      }
      if (!reading) {
        if (!waiting) reporter.report({ type: "miss", ...named(call) });
        return withoutStore(call);
      }
      const found = fromEntry(call, reading, waiting);
      if (found) return found;
      waiting ??= missed(call);
      const loaded = await fromLoad(call, reading, waiting);
      if (loaded) return loaded;
    }
  }

  function read({ key, entry }: Call): Promise<Reading> {
    return store.read(key, entry.tags, entry.loadGroup);
  }

  async function peek(key: string): Promise<unknown> {
    if (outage.isOn) return undefined;
    try {
      const { entry, valid } = await store.read(key, []);
      if (!entry || !valid || store.now() >= entry.birthMs + entry.ttlMs) {
        const pin = await store.pins.pinned(key);
        return pin && codec.decode({ format: pin.format, bytes: pin.value });
      }
      const value = decoded(key, entry);
      return value === UNREADABLE ? undefined : value;
    } catch (error) {
      outage.notice(error);
      return undefined;
    }
  }

  /** Joins, waits or leads; undefined means: look again. */
  async function fromLoad(
    call: Call,
    reading: Reading,
    waiting: Waiting,
  ): Promise<Answer | undefined> {
    if (reading.pass || waiting.isOver()) return passing(call, reading);
    const flight = flights.get(call.key);
    if (flight && mayJoinFill(flight, reading)) return joining(call, reading, flight, waiting);
    if (flight && !flight.token) {
      await waiting.until(flight.leased);
      return undefined;
    }
    if (reading.lease && !reading.lease.doomed) {
      waiting.stayBehind(reading.lease);
      return undefined;
    }
    if (call.entry.since === null) return alone(call);
    return lead(call, reading);
  }

  async function lead(call: Call, reading: Reading): Promise<Answer | undefined> {
    const { key, entry } = call;
    const flight = flights.start(key, entry);
    try {
      const token = randomId();
      let grant: LeaseGrant;
      try {
        grant = await takeLease(store, {
          key,
          tags: entry.tags,
          token,
          leaseMs: settings.leaseMs,
          over: reading.token,
          overHeld: reading.doomed,
          asksDeletion: entry.since !== undefined,
          asksPin: true,
        });
      } catch (error) {
        outage.notice(error);
        flight.land({ type: "again" });
        return await withoutStore(call);
      }
      if (!grant.taken) return undefined;
      if (!isYoungEnough(entry, grant.snapshot)) {
        // Its loaders may have memoised what was evicted since; a younger operation may well fill.
        await store.releaseLease(key, token, 0).catch((error) => outage.notice(error));
        flight.land({ type: "again" });
        reporter.report({ type: "refused", reason: "operation too old", ...named(call) });
        return await alone(call);
      }
      flight.token = token;
      flight.nonces = grant.snapshot.nonces;
      flight.settleLease();
      const filled = await fill(parts, standIn(codec, call, grant.pinned), token, grant.snapshot);
      flight.land(filled);
      return fromOwn(filled, "miss");
    } finally {
      flight.land({ type: "again" });
    }
  }

  async function joining(
    call: Call,
    reading: Reading,
    flight: Flight,
    waiting: Waiting,
  ): Promise<Answer | undefined> {
    if (!(await waiting.until(flight.landed))) return undefined;
    const landing = await flight.landed;
    const isEarly = cameBefore(flight, reading, call.entry);
    return isForJoiner(landing, isEarly) ? fromOthers(call, landing, "waited") : undefined;
  }

  async function passing(call: Call, reading: Reading): Promise<Answer> {
    const { tags, since } = call.entry;
    const answered = await bareLoads.shared(call, {
      mayJoin: (flight) => mayJoinBareLoad(flight, reading, since),
      isEarly: (flight) => cameBefore(flight, reading, call.entry),
      nonces: reading.versions.size === tags.length ? reading.versions : undefined,
      token: reading.token,
    });
    return fromBareLoad(call, answered, "bypassed");
  }

  async function alone(call: Call): Promise<Answer> {
    const { landing } = await bareLoads.alone(call);
    return fromOwn(landing, "bypassed");
  }

  async function withoutStore(call: Call): Promise<Answer> {
    // One failed step is no outage: an eviction may be going through, so nobody shares this load.
    if (!outage.isOn) return alone(call);
    if (settings.onOutage === "throw") throw outage.error(named(call));
    const answered = await outageLoads.shared(call, {
      mayJoin: (flight) => isNoYounger(call.entry.since, flight.since),
      isEarly: () => false,
    });
    return fromBareLoad(call, answered, "outage");
  }

  function missed(call: Call): Waiting {
    reporter.report({ type: "miss", ...named(call) });
    return createWaiting(rooms, { key: call.key, tags: call.entry.tags }, settings.waitMs, () =>
      reporter.report({ type: "wait", ...named(call) }),
    );
  }

  /** A fresh entry, or a stale one inside its window, for which a refresh is begun; undefined: there is none. */
  function fromEntry(
    call: Call,
    reading: Reading,
    waiting: Waiting | undefined,
  ): Answer | undefined {
    const { entry } = reading;
    if (!entry || !reading.valid || !isFiledUnder(entry, call.entry.tags)) return undefined;
    const now = store.now();
    const isFresh = now < entry.birthMs + entry.ttlMs;
    if (!isFresh && now >= entry.birthMs + entry.ttlMs + entry.staleWhileRevalidateMs) {
      return undefined;
    }
    const value = decoded(call.key, entry);
    if (value === UNREADABLE) return undefined;
    const ageSeconds = secondsSince(entry, now);
    if (!waiting && isFresh)
      reporter.hit({ key: call.key, coordinate: call.entry.coordinate }, ageSeconds);
    else if (!waiting)
      reporter.report({ type: "staleHit", reason: "revalidate", ageSeconds, ...named(call) });
    if (!isFresh || shouldRefreshEarly(entry, now, settings.earlyRefresh)) {
      if (!reading.lease && !reading.pass) refresh(call, reading);
    }
    return {
      value,
      status: waiting?.began ? "waited" : isFresh ? "hit" : "stale",
      ageSeconds,
      remainingSeconds: Math.max(0, (entry.birthMs + entry.ttlMs - now) / 1000),
      tags: entry.tags,
    };
  }

  function refresh(call: Call, reading: Reading): void {
    if (flights.get(call.key)) return;
    const { refresh: ownLoad, ...rest } = call.entry;
    // A load of its own sees nothing older than its start; the caller's sees what the caller's operation saw.
    const refreshing: Call = ownLoad
      ? { key: call.key, entry: { ...rest, refresh: ownLoad, since: undefined }, load: ownLoad }
      : call;
    if (refreshing.entry.since === null) return;
    reporter.report({ type: "refresh", ...named(call) });
    lead(refreshing, reading).catch((cause) => {
      const text = "A refresh in the background must succeed, but the load failed.";
      reporter.error(new RefreshError(text, { cause, ...named(call) }), named(call));
    });
  }

  /** staleIfError: a load that throws does not take away what could still serve. */
  async function answerOrStale(call: Call): Promise<Answer> {
    try {
      return await answer(call);
    } catch (error) {
      const stale = await staleAnswer(call);
      if (stale) return stale;
      throw error;
    }
  }

  async function staleAnswer(call: Call): Promise<Answer | undefined> {
    if (outage.isOn) return undefined;
    // Read anew: what was evicted while the load ran must not serve.
    const reading = await read(call).catch(() => undefined);
    const entry = reading?.valid ? reading.entry : undefined;
    const now = store.now();
    if (
      !entry ||
      !isFiledUnder(entry, call.entry.tags) ||
      now >= entry.birthMs + entry.ttlMs + entry.staleIfErrorMs
    )
      return undefined;
    const value = decoded(call.key, entry);
    if (value === UNREADABLE) return undefined;
    const ageSeconds = secondsSince(entry, now);
    reporter.report({ type: "staleHit", reason: "error", ageSeconds, ...named(call) });
    return { value, status: "stale", ageSeconds, remainingSeconds: 0, tags: entry.tags };
  }

  function decoded(key: string, { format, value: bytes }: Entry): unknown {
    return decodedBytes(key, { format, bytes });
  }

  function decodedBytes(key: string, encoded: EncodedValue): unknown {
    try {
      return codec.decode(encoded);
    } catch (error) {
      reporter.error(error, { key });
      return UNREADABLE;
    }
  }

  function fromOwn(ending: Ending, status: LookupStatus): Answer {
    if (ending.type === "error") throw ending.error;
    return answerOf(ending, ending.value, status);
  }

  /** A joiner gets a value of its own; undefined where none can be made. */
  function fromOthers(call: Call, ending: Ending, status: LookupStatus): Answer | undefined {
    if (ending.type === "error") throw ending.error;
    const { encoded } = ending;
    const value = encoded ? decodedBytes(call.key, encoded) : UNREADABLE;
    return value === UNREADABLE ? undefined : answerOf(ending, value, status);
  }

  async function fromBareLoad(
    call: Call,
    { landing, own }: BareLanding,
    status: LookupStatus,
  ): Promise<Answer> {
    if (own) return fromOwn(landing, status);
    return fromOthers(call, landing, status) ?? (await alone(call));
  }
}

/** Stands for a value that cannot be read, since undefined can be one. */
const UNREADABLE = Symbol("unreadable");

function answerOf({ stored, tags }: Delivered, value: unknown, status: LookupStatus): Answer {
  return { value, status, ageSeconds: 0, remainingSeconds: (stored?.ttlMs ?? 0) / 1000, tags };
}

/**
 * An entry serves only those all of whose tags it is filed under: another version of the code, or another moment, may
 * have filed it under fewer, and an eviction of the others would never reach it.
 */
function isFiledUnder(entry: Entry, tags: readonly string[]): boolean {
  return tags.every((tag, index) => entry.tags[index] === tag || entry.tags.includes(tag));
}

function secondsSince(entry: Entry, now: number): number {
  return Math.max(0, now - entry.birthMs) / 1000;
}
