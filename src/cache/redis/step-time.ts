import type { Redis } from "ioredis";
import type { Command, Connection } from "./connection.js";

/**
 * The time limit is for so many commands, or names in an MGET; a batch of more has a multiple of it. A list of
 * thousands, which a healthy server works through in some tenths of a second, must not look like an outage.
 */
const STEPS_IN_TIME = 1000;

/** And for so many bytes, in or out: values of many megabytes must not either. It is a network's 80 Mbit/s at 100 ms. */
const BYTES_IN_TIME = 2 ** 20;

/** What the commands send beside names. */
export function bytesSentBy(commands: readonly Command[]): number {
  let bytes = 0;
  for (const command of commands) {
    if (command[0] === "mget") continue;
    for (const argument of command) {
      if (typeof argument !== "number") bytes += argument.length;
    }
  }
  return bytes;
}

/** @param bytesAhead what is to be sent before the last of it has gone */
export function limitMsFor(
  commands: readonly Command[],
  bytesAhead: number,
  commandTimeoutMs: number,
): number {
  const steps = commands.reduce((sum, command) => sum + stepsOf(command), 0);
  return (
    commandTimeoutMs *
    Math.max(1, Math.ceil(steps / STEPS_IN_TIME + Math.floor(bytesAhead / BYTES_IN_TIME)))
  );
}

/**
 * Begins one of the round trips of a step, which share one time limit. At its end it tells what the step has used of
 * that: what the trip's batch has beyond one limit is the batch's own, and only where this process itself was stopped,
 * or megabytes came, is there an answer past all of it.
 */
export function beginTrip(
  connection: Pick<Connection, "limitMsFor">,
  commands: readonly Command[],
  usedMs: number,
): () => number {
  const limitMs = connection.limitMsFor(commands);
  const beyondMs = limitMs - connection.limitMsFor([]);
  const began = performance.now();
  return () => {
    const tookMs = performance.now() - began;
    if (usedMs + tookMs > limitMs) return usedMs;
    return usedMs + Math.max(0, tookMs - beyondMs);
  };
}

/** Tells, each time it is asked, whether so much came since it was last asked that the time limit begins once more. */
export function watchReplies(server: Redis | undefined): () => boolean {
  const bytesRead = () => server?.stream?.bytesRead ?? 0;
  let before = bytesRead();
  return () => {
    const now = bytesRead();
    const came = now - before;
    before = now;
    return came >= BYTES_IN_TIME;
  };
}

function stepsOf(command: Command): number {
  return command[0] === "mget" ? command.length - 1 : 1;
}
