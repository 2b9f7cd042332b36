import { type Call, type FillParts, named } from "./call.js";
import { type Flight, Flights, type Landing } from "./flights.js";

/** Loads without a lease: their results are returned and never stored. */
export interface BareLoads {
  /** One useful load a key in this process: shares one under way if `mayJoin` says so, else begins one. */
  shared(call: Call, begin: BareLoad): Promise<BareLanding>;
  /** A load of this caller alone. */
  alone(call: Call): Promise<BareLanding>;
  /** Nobody joins any of those under way from now on. */
  close(): void;
}

export interface BareLoad {
  mayJoin(flight: Flight): boolean;
  /** Versions that the reader saw before the load; undefined where nothing can be compared. */
  nonces?: Flight["nonces"];
}

export interface BareLanding {
  readonly landing: Ending;
  /** Whether this caller's own load gave it. */
  readonly own: boolean;
}

type Ending = Landing & { type: "value" | "error" };

export function createBareLoads(parts: FillParts): BareLoads {
  const flights = new Flights();

  async function run(call: Call): Promise<Ending> {
    parts.reporter.report({ type: "load", stored: false, ...named(call) });
    try {
      const { value, addedTags } = await parts.loads.run(call.key, call.entry, call.load);
      const encoded = encodeForOthers(parts, value);
      return {
        type: "value",
        value,
        tags: [...call.entry.tags, ...addedTags],
        ...(encoded && { encoded }),
      };
    } catch (error) {
      return { type: "error", error };
    }
  }

  return {
    async shared(call, { mayJoin, nonces }) {
      const under = flights.get(call.key);
      if (under && mayJoin(under)) {
        const landing = await under.landed;
        if (landing.type !== "again") return { landing, own: false };
      }
      const flight = flights.start(call.key, call.entry.since);
      flight.nonces = nonces;
      const landing = await run(call);
      flight.land(hasOwnTags(call, landing) ? { type: "again" } : landing);
      return { landing, own: true };
    },
    alone: async (call) => ({ landing: await run(call), own: true }),
    close: () => flights.close(),
  };
}

/** Tags known only from the result: whether they moved before a joiner came, nobody has checked. */
function hasOwnTags(call: Call, landing: Landing): boolean {
  return landing.type === "value" && landing.tags.length > call.entry.tags.length;
}

function encodeForOthers(parts: FillParts, value: unknown) {
  try {
    return parts.codec.encode(value);
  } catch {
    return undefined;
  }
}
