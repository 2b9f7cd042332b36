import { StoreError } from "../errors.js";
import { createTickCalls } from "../tick-batch.js";
import { type Pin, type Pins, UNPINNED_KEPT_MS, type Unpinned } from "../write-behind/pins.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import { Fetch } from "./fetch.js";
import type { Keys } from "./keys.js";
import { scripts } from "./scripts.js";

/** A write that is not flushed for so long is pinned no more. */
const PIN_LIFE_MS = 7 * 24 * 3600 * 1000;
const SEQUENCE_DIGITS = 16;
const END_OF_LINE = 10;
/** As unpin-write.lua answers. */
const UNPINNED = { 1: "own", 0: "none", 2: "done", [-1]: "newer" } as const;

/** Each is W(k): 16 digits of the sequence, a line of JSON, and the value; the digits alone where one was unpinned. */
export function createRedisPins(connection: Connection, keys: Keys): Pins {
  const pinned = createTickCalls<string, Pin | undefined>(async (calls) => {
    const fetch = new Fetch(connection);
    const places = calls.map(({ asked }) => fetch.ask(keys.pin(asked)));
    await fetch.run();
    for (const [index, { resolve, reject }] of calls.entries()) {
      const place = places[index] as number;
      const failure = fetch.failure([place]);
      if (failure) reject(failure);
      else resolve(readPin(fetch.reply(place)));
    }
  });

  /** With the others of its tick, which settle together: loads that wait for them begin in one tick. */
  const send = createTickCalls<Command, unknown>(async (calls) => {
    const replies = await connection.sendAll(calls.map(({ asked }) => asked));
    for (const [index, { resolve, reject }] of calls.entries()) {
      const reply = replies[index];
      if (reply instanceof StoreError) reject(reply);
      else resolve(reply);
    }
  });

  async function takeAway(key: string, sequence: number, keptMs: number): Promise<Unpinned> {
    const reply = await send(
      evaluate(scripts.unpinWrite, [keys.pin(key)], digits(sequence), keptMs),
    );
    return UNPINNED[reply as keyof typeof UNPINNED];
  }

  return {
    async pin(key, { sequence, value, ...about }) {
      const rest = Buffer.concat([Buffer.from(`${JSON.stringify(about)}\n`), value]);
      const pinning = [digits(sequence), rest, PIN_LIFE_MS] as const;
      return (
        (await connection.send(...evaluate(scripts.pinWrite, [keys.pin(key)], ...pinning))) === 1
      );
    },

    unpin: (key, sequence) => takeAway(key, sequence, UNPINNED_KEPT_MS),
    forget: (key, sequence) => takeAway(key, sequence, 0),

    pinned,

    async isPending({ queue, sequence }) {
      // Only what was never put before is pinned, so its place is its sequence.
      const place = `${sequence}-0`;
      const found = await send(["xrange", keys.queue(queue), place, place]);
      return (found as unknown[]).length > 0;
    },
  };
}

/** undefined for an absent pin, and for bytes that are none of ours. */
export function readPin(bytes: unknown): Pin | undefined {
  if (!Buffer.isBuffer(bytes)) return undefined;
  const lineEnd = bytes.indexOf(END_OF_LINE, SEQUENCE_DIGITS);
  if (lineEnd === -1) return undefined;
  try {
    const about = JSON.parse(bytes.toString("utf8", SEQUENCE_DIGITS, lineEnd));
    const sequence = Number(bytes.toString("latin1", 0, SEQUENCE_DIGITS));
    return { ...about, sequence, value: bytes.subarray(lineEnd + 1) };
  } catch {
    return undefined;
  }
}

function digits(sequence: number): string {
  return String(sequence).padStart(SEQUENCE_DIGITS, "0");
}
