import type { Token } from "../entry.js";
import { lastOf, type Position } from "../position.js";
import type { LeaseRequest } from "../store.js";
import { type Command, evaluate } from "./connection.js";
import type { Keys } from "./keys.js";
import { writePosition } from "./record.js";
import { scripts } from "./scripts.js";

/** A lease as asked for, with the place in the log that it shall name. */
export interface MarkedRequest {
  readonly request: LeaseRequest;
  readonly mark: Position;
}

/** What became of a lease, under the token that it was asked for with last. */
export interface LeaseAnswer {
  readonly token: Token;
  readonly lease: unknown;
  /** Where they were asked for. */
  readonly deletion?: unknown;
  readonly pin?: unknown;
}

/** What is sent for a lease, and which of the replies are its own. */
export interface LeaseCommands {
  take(request: MarkedRequest): Command[];
  /** Of the commands of all these requests, in their order. */
  answersIn(replies: readonly unknown[], asked: readonly MarkedRequest[]): LeaseAnswer[];
  release(request: MarkedRequest): Command;
}

/**
 * A pin costs those who use no `writeBehind` nothing worth counting: the script that takes the lease looks for it. On a
 * cluster it is a command of its own, in the lease's slot and round trip: a script for two keys would be refused while
 * their slot moves.
 */
export function createLeaseCommands(keys: Keys, isCluster: boolean): LeaseCommands {
  return {
    take({ request, mark }) {
      const { key, token, leaseMs, over, overHeld, asksDeletion, outlastsEvictions } = request;
      const asksPin = request.asksPin === true;
      const lease = evaluate(
        scripts.takeLease,
        asksPin && !isCluster ? [keys.entry(key), keys.pin(key)] : [keys.entry(key)],
        token,
        leaseMs,
        writePosition(outlastsEvictions ? lastOf(mark) : mark),
        over === "any" ? "*" : over,
        overHeld ? 1 : 0,
      );
      // Asked behind the lease, of the same server: what is deleted or put after that voids it.
      const commands: Command[] = [lease];
      if (asksDeletion) commands.push(["get", keys.deletion(key)]);
      if (asksPin && isCluster) commands.push(["get", keys.pin(key)]);
      return commands;
    },

    answersIn(replies, asked) {
      let at = 0;
      return asked.map(({ request: { token, asksDeletion, asksPin } }) => ({
        token,
        lease: replies[at++],
        deletion: asksDeletion ? replies[at++] : undefined,
        pin: asksPin && isCluster ? replies[at++] : undefined,
      }));
    },

    release: ({ request: { key, token } }) =>
      evaluate(scripts.releaseLease, [keys.entry(key)], token, 0, keys.wake(key)),
  };
}

/** 1, or the pin that the lease's script found. */
export function isGranted(lease: unknown): boolean {
  return lease === 1 || Buffer.isBuffer(lease);
}
