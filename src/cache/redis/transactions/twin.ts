import type { Command } from "../connection.js";

/**
 * The twin of a script: the same steps for a server that runs no scripts, as looks under WATCH and a plan of writes.
 * Called with the script's KEYS and then its ARGV, one by one.
 *
 * What a twin looked at and did not watch may have changed when its plan is carried out; each says why it may.
 * The server's time is that of the look, so births and deadlines err on the early, which is the safe, side.
 */
export type Twin = (look: Look, ...keysAndArgs: never[]) => Promise<Plan>;

/** Commands sent before the transaction: WATCH and reads. Throws the first reply that is an error. Texts are Buffers. */
export type Look = (...commands: Command[]) => Promise<unknown[]>;

export interface Plan {
  /** What the script returns. Absent: what the first of the writes returns. */
  readonly reply?: unknown;
  /** Carried out together, if nothing that was watched has changed by then. Absent: there is nothing to write. */
  readonly writes?: readonly Command[];
  /** A push, which is a hint: it follows the transaction, since a refused PUBLISH within would undo all of it. */
  readonly publish?: readonly [channel: string, message: string | Buffer];
  /**
   * What the message is to begin with, where it is the last push of its transaction to say so: steps that are carried out
   * together have one position of the log, and it is told once all that happened at it is.
   */
  readonly position?: string;
}
