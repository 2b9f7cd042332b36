import { StoreUnavailableError } from "../errors.js";
import type { Command, Connection } from "./connection.js";
import { beginTrip } from "./step-time.js";

/** Names in one MGET: enough for a list of a thousand to be a few commands, few enough to hold nobody up. */
const NAMES_AT_ONCE = 512;

/** The names that one flush asks for, and the replies in their order. */
export class Fetch {
  readonly #connection: Connection;
  readonly #names: string[] = [];
  readonly #replies: Array<Buffer | null> = [];
  /** Places whose replies a lost node of a cluster owes. */
  readonly #failures = new Map<number, StoreUnavailableError>();
  #usedMs = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The place at which the reply will stand. */
  ask(name: string): number {
    return this.#names.push(name) - 1;
  }

  /** True when something was asked for since the last round trip. */
  get isOpen(): boolean {
    return this.#replies.length < this.#names.length;
  }

  /** True for a place whose reply is there. */
  has(place: number): boolean {
    return place < this.#replies.length;
  }

  get hasFailed(): boolean {
    return this.#failures.size > 0;
  }

  /** Why there is no reply at one of these places; undefined where all are there. */
  failure(places: Iterable<number>): StoreUnavailableError | undefined {
    if (this.#failures.size === 0) return undefined;
    for (const place of places) {
      const failure = this.#failures.get(place);
      if (failure) return failure;
    }
    return undefined;
  }

  reply(place: number): Buffer | null {
    return this.#replies[place] ?? null;
  }

  /** One round trip for all that was asked for since the last one. All of them share one time limit. */
  async run(): Promise<void> {
    const names = this.#names.slice(this.#replies.length);
    const commands = this.#commands(names);
    const used = beginTrip(this.#connection, commands, this.#usedMs);
    const replies = await this.#connection.sendAll(commands, this.#usedMs);
    this.#usedMs = used();
    if (this.#connection.isCluster) this.#noteFailures(replies);
    const bytes = replies.flatMap((reply, index) => bytesOf(reply, commands[index] as Command));
    // One by one: a call with more than some hundred thousand arguments throws.
    for (const one of bytes) this.#replies.push(one);
  }

  /** A name a command. */
  #noteFailures(replies: readonly unknown[]): void {
    for (const [index, reply] of replies.entries()) {
      if (reply instanceof StoreUnavailableError) {
        this.#failures.set(this.#replies.length + index, reply);
      }
    }
  }

  #commands(names: string[]): Command[] {
    if (this.#connection.isCluster) return names.map((name) => ["get", name]);
    const commands: Command[] = [];
    for (let from = 0; from < names.length; from += NAMES_AT_ONCE) {
      commands.push(["mget", ...names.slice(from, from + NAMES_AT_ONCE)]);
    }
    return commands;
  }
}

/**
 * One place for each name: a refused MGET must not move others' bytes into its names' places. A name of another type
 * than ours gives no bytes.
 */
function bytesOf(reply: unknown, [name]: Command): Array<Buffer | null> {
  if (name === "get") return [Buffer.isBuffer(reply) ? reply : null];
  if (Array.isArray(reply)) return reply as Array<Buffer | null>;
  throw reply;
}
