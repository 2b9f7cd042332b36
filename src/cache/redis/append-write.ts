import { StoreUnavailableError } from "../errors.js";
import type { ServerClock } from "./clock.js";
import { type Argument, type Connection, evaluate } from "./connection.js";
import { accepted } from "./reply-error.js";
import { scripts } from "./scripts.js";

export interface AppendParts {
  /** For what a caller of `put` waits for. */
  readonly caller: Connection;
  readonly clock: Pick<ServerClock, "now" | "set">;
  /** How long a caller waits. */
  readonly commandTimeoutMs: number;
}

export interface Append {
  /** The write's place; undefined where there is no room for it, beside what is pending and what was put aside. */
  send(fields: readonly Argument[], room: number): Promise<string | undefined>;
  /** One more write was put aside. */
  notePutAside(): void;
}

/** The script's word for a write whose caller has given up. */
const LATE = "late";

/**
 * Puts writes on a queue's stream.
 *
 * How many were put aside is a command of its own, and counts for the next time: a script for both streams would be
 * refused while their slot moves. So of some that meet at the limit, or at what others put aside, a few may be let in
 * too many.
 */
export function createAppend(
  { caller, clock, commandTimeoutMs }: AppendParts,
  { queue, aside, group }: { queue: string; aside: string; group: string },
): Append {
  let asideCount: number | undefined;

  /** What a server that hung comes to later was refused by then, so it must not take it on any more. */
  async function appendNow(fields: readonly Argument[], room: number): Promise<string> {
    for (const attempt of [1, 2]) {
      // In time for us, so it is the clock that is wrong.
      if (attempt === 2) await clock.set();
      const deadlineMs = Math.ceil(clock.now() + commandTimeoutMs);
      const [place, count] = await caller.sendAll([
        evaluate(scripts.appendWrite, [queue], room, group, deadlineMs, ...fields),
        ["xlen", aside],
      ]);
      const answer = String(accepted(place));
      if (typeof count === "number") asideCount = count;
      if (answer !== LATE) return answer;
    }
    throw new StoreUnavailableError("A write must be taken on in time, but was not.");
  }

  return {
    async send(fields, room) {
      asideCount ??= Number(await caller.send("xlen", aside));
      for (;;) {
        const assumed = asideCount;
        const place = await appendNow(fields, room - assumed);
        if (place !== "") return place;
        if (asideCount >= assumed) return undefined;
      }
    },
    notePutAside() {
      if (asideCount !== undefined) asideCount += 1;
    },
  };
}
