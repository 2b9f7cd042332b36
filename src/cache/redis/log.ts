import { isCoveredBy, type Position } from "../position.js";
import { randomEpoch } from "../random.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import type { Keys } from "./keys.js";
import type { Promotions } from "./promotion.js";
import { scripts } from "./scripts.js";
import { readLogPosition, type TagVersion, writeLogPosition } from "./tag-version.js";

/** A log that nobody advances for so long is forgotten; the next one begins a new epoch, which compares with none. */
const LOG_LIFE_MS = 7 * 24 * 3600 * 1000;

/**
 * L, and what this process knows of its head. L names the server that wrote it, as `<epoch>:<n>@<mark>`: the first
 * eviction on another one, a promoted replica or a restarted server, begins a new epoch (see advance-log.lua).
 */
export interface EvictionLog {
  /** The head as last heard, from replies and pushes. It can only be older than the truth, never ahead of it. */
  readonly known: Position | undefined;
  /** Takes a reply or push into account. */
  hear(position: Position): void;
  /** A version's position, which may be of an older log: then it tells nothing of the head. */
  hearVersion(version: TagVersion): void;
  /** The command that reads the head, and begins a log where there is none. */
  readCommand(): { command: Command; headOf(reply: unknown): Position };
  read(): Promise<Position>;
  /** The command that sees to it that there is a log of this server's own. */
  readonly ensureCommand: Command;
  advance(): Promise<Position>;
  /** Begins a new log, which compares with none before: nobody who began earlier stores anything. */
  beginAnew(): Promise<Position>;
}

/** What a new log is marked with. */
type LogServer = Pick<Promotions, "logMark" | "known">;

export function createEvictionLog(
  connection: Connection,
  keys: Keys,
  server: LogServer,
): EvictionLog {
  let known: Position | undefined;

  function hear(position: Position): void {
    if (!known || !isCoveredBy(position, known)) known = position;
  }

  function firstOfNew() {
    const first: Position = { epoch: randomEpoch(), n: 0 };
    return { first, value: `${writeLogPosition(first)}@${server.logMark}` };
  }

  function readCommand() {
    const { first, value } = firstOfNew();
    const command: Command = ["set", keys.log, value, "PX", LOG_LIFE_MS, "NX", "GET"];
    const headOf = (reply: unknown): Position => {
      const [text = ""] = String(reply ?? "").split("@");
      const head = readLogPosition(text) ?? first;
      hear(head);
      return head;
    };
    return { command, headOf };
  }

  function advanceCommand(by: number): Command {
    const epoch = writeLogPosition({ epoch: randomEpoch(), n: 0 }).slice(0, 8);
    return evaluate(scripts.advanceLog, [keys.log], epoch, LOG_LIFE_MS, by);
  }

  return {
    get known() {
      return known;
    },
    hear,
    hearVersion({ position }) {
      if (position && known?.epoch === position.epoch) hear(position);
    },
    readCommand,
    async read() {
      await server.known();
      const { command, headOf } = readCommand();
      return headOf(await connection.send(...command));
    },
    async beginAnew() {
      await server.known();
      const { first, value } = firstOfNew();
      await connection.send("set", keys.log, value, "PX", LOG_LIFE_MS);
      return first;
    },
    get ensureCommand() {
      return advanceCommand(0);
    },
    async advance() {
      const reply = await connection.send(...advanceCommand(1));
      return readLogPosition(String(reply)) as Position;
    },
  };
}
