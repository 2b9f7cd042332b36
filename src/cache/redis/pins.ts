import { createTickBatch } from "../tick-batch.js";
import { type Pin, type Pins, UNPINNED_KEPT_MS } from "../write-behind/pins.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import { Fetch } from "./fetch.js";
import type { Keys } from "./keys.js";
import { scripts } from "./scripts.js";

/** A write that is not flushed for so long is pinned no more. */
const PIN_LIFE_MS = 7 * 24 * 3600 * 1000;
const SEQUENCE_DIGITS = 16;
const END_OF_LINE = 10;

interface Wanted {
  readonly key: string;
  resolve(pin: Pin | undefined): void;
  reject(error: unknown): void;
}

interface Sent {
  readonly command: Command;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/** Each is W(k): 16 digits of the sequence, a line of JSON, and the value; the digits alone where one was unpinned. */
export function createRedisPins(connection: Connection, keys: Keys): Pins {
  const enqueue = createTickBatch<Wanted>((items) => {
    flush(items).catch((error) => {
      for (const { reject } of items) reject(error);
    });
  });

  async function flush(items: readonly Wanted[]): Promise<void> {
    const fetch = new Fetch(connection);
    const places = items.map(({ key }) => fetch.ask(keys.pin(key)));
    await fetch.run();
    for (const [index, { resolve }] of items.entries()) {
      resolve(readPin(fetch.reply(places[index] as number)));
    }
  }

  const send = createSend(connection);

  return {
    async pin(key, { sequence, value, ...about }) {
      const rest = Buffer.concat([Buffer.from(`${JSON.stringify(about)}\n`), value]);
      const pinning = [digits(sequence), rest, PIN_LIFE_MS] as const;
      return (
        (await connection.send(...evaluate(scripts.pinWrite, [keys.pin(key)], ...pinning))) === 1
      );
    },

    async unpin(key, sequence) {
      const unpinning = [digits(sequence), UNPINNED_KEPT_MS] as const;
      const reply = await send(evaluate(scripts.unpinWrite, [keys.pin(key)], ...unpinning));
      if (reply === 1) return "own";
      return reply === -1 ? "newer" : "none";
    },

    pinned: (key) =>
      new Promise((resolve, reject) => {
        enqueue({ key, resolve, reject });
      }),

    async isPending({ queue, sequence }) {
      // Only what was never put before is pinned, so its place is its sequence.
      const place = `${sequence}-0`;
      const found = await send(["xrange", keys.queue(queue), place, place]);
      return (found as unknown[]).length > 0;
    },
  };
}

/** Sends a command with the others of its tick, which settle together: loads that wait for them begin in one tick. */
function createSend(connection: Connection): (command: Command) => Promise<unknown> {
  const enqueue = createTickBatch<Sent>(async (items) => {
    const outcomes = await connection
      .sendAll(items.map(({ command }) => command))
      .catch((error: unknown) => items.map(() => error));
    for (const [index, { resolve, reject }] of items.entries()) {
      const outcome = outcomes[index];
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    }
  });
  return (command) =>
    new Promise((resolve, reject) => {
      enqueue({ command, resolve, reject });
    });
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
