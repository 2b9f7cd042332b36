import { isFiledUnder } from "./answers.js";
import { type Call, type FillParts, named } from "./call.js";
import type { EncodedValue } from "./codec.js";
import type { Token } from "./entry.js";
import { NodeUnavailableError } from "./errors.js";
import { type Ending, type Flight, Flights, isForJoiner, type Landing } from "./flights.js";
import { mayHaveOwnTags } from "./load.js";
import type { EvictionList } from "./undelivered.js";
import { pendingPin } from "./write-behind/pending-pin.js";
import { standIn } from "./write-behind/stand-in.js";

/** Loads without a lease: their results are returned and never stored. */
export interface BareLoads {
  /** One useful load a key in this process: shares one under way if `mayJoin` says so, else begins one. */
  shared(call: Call, begin: BareLoad): Promise<BareLanding>;
  /**
   * A load of this caller alone.
   * @param asksPin as of `BareLoad`
   */
  alone(call: Call, asksPin: boolean): Promise<BareLanding>;
  /** Nobody joins those under way of what this takes note of. */
  readonly evicted: EvictionList;
}

export interface BareLoad {
  mayJoin(flight: Flight): boolean;
  /** Whether the caller may have its result though that hangs on tags that nobody knew when the caller came. */
  isEarly(flight: Flight): boolean;
  /** Versions and token that the reader saw before the load; undefined where nothing can be compared. */
  nonces?: Flight["nonces"];
  token?: Token;
  /** Whether a write of the key may be pending, which is then given in the place of the load. */
  asksPin: boolean;
}

export interface BareLanding {
  readonly landing: Ending;
  /** Whether this caller's own load gave it. */
  readonly own: boolean;
}

export function createBareLoads(parts: FillParts): BareLoads {
  const flights = new Flights();

  /** The call, with a pending write in the place of its load. Those of one tick still load in one tick. */
  async function pinned(call: Call): Promise<Call> {
    try {
      return standIn(parts, call, await pendingPin(parts, call.key));
    } catch (error) {
      // What lies on a lost node is loaded as in an outage, which has been told.
      if (!(error instanceof NodeUnavailableError)) parts.reporter.error(error, named(call));
      return call;
    }
  }

  async function run(call: Call, asksPin: boolean): Promise<Ending> {
    const { load, isPending } = asksPin ? await pinned(call) : call;
    if (!isPending) parts.reporter.report({ type: "load", stored: false, ...named(call) });
    try {
      const loaded = await parts.loads.run(call.key, call.entry, load);
      // Who may join was decided by the age that the caller gave; a load that saw something older is its caller's alone.
      const encoded = loaded.since === undefined ? encodeForOthers(loaded.value) : undefined;
      return {
        type: "value",
        value: loaded.value,
        tags: [...call.entry.tags, ...loaded.addedTags],
        since: loaded.since === undefined ? (call.entry.since ?? null) : loaded.since,
        earlyOnly: mayHaveOwnTags(loaded),
        ...(encoded && { encoded }),
      };
    } catch (error) {
      return { type: "error", error };
    }
  }

  function encodeForOthers(value: unknown): EncodedValue | undefined {
    try {
      return parts.codec.encode(value);
    } catch {
      return undefined;
    }
  }

  const leave = (isTouched: (key: string, tags: readonly string[]) => boolean) => {
    for (const [key, flight] of flights.entries()) {
      if (isTouched(key, flight.tags)) flights.leave(key);
    }
  };

  /** The one under way that the call may share: filed under all of its tags, or evictions of the others passed it by. */
  function joinable({ key, entry }: Call, mayJoin: BareLoad["mayJoin"]): Flight | undefined {
    const flight = flights.get(key);
    return flight && isFiledUnder(flight.tags, entry.tags) && mayJoin(flight) ? flight : undefined;
  }

  return {
    async shared(call, how) {
      const { mayJoin, isEarly, nonces, token, asksPin } = how;
      const under = joinable(call, mayJoin);
      if (under) {
        const landing = await under.landed;
        if (isForJoiner(landing, isEarly(under))) return { landing, own: false };
        // It hangs on tags that nobody knew. Of those who waited for it one begins the next, which the others are early for.
        const next = isCopied(landing) ? joinable(call, mayJoin) : undefined;
        if (next && isEarly(next)) {
          const later = await next.landed;
          if (isForJoiner(later, true)) return { landing: later, own: false };
        }
      }
      const flight = flights.start(call.key, call.entry);
      flight.nonces = nonces;
      flight.token = token;
      const landing = await run(call, asksPin);
      flight.land(landing);
      return { landing, own: true };
    },
    alone: async (call, asksPin) => ({ landing: await run(call, asksPin), own: true }),
    evicted: {
      addTags: (evicted) => leave((_, tags) => tags.some((tag) => evicted.includes(tag))),
      addKey: (deleted) => leave((key) => key === deleted),
      addEverything: () => leave(() => true),
    },
  };
}

function isCopied(landing: Landing): boolean {
  return landing.type === "value" && landing.encoded !== undefined;
}
