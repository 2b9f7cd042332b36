import { NodeUnavailableError, StoreError, StoreUnavailableError } from "../errors.js";
import type { Command, Connection } from "./connection.js";
import type { Keys } from "./keys.js";
import type { Nodes } from "./nodes.js";
import type { Promotions } from "./promotion.js";
import { createRevival } from "./revival.js";
import { within } from "./within.js";

/** Whether the store, or one node of it, answers and takes writes: the trials of half-open breakers. */
export interface Trials {
  /** Of the store: of a cluster, each node but those that are lost. */
  ping(): Promise<void>;
  /** Of one node of a cluster; also resolves when that has no slots any more. */
  tryNode(address: string): Promise<void>;
}

export interface TrialParts {
  /** Knows the nodes, and asks no questions. */
  readonly opened: Connection;
  readonly promotions: Pick<Promotions, "connection" | "refresh" | "suspect">;
  readonly keys: Keys;
  readonly commandTimeoutMs: number;
}

/** What a trial leaves behind is gone when it is answered. */
const MARK_LIFE_MS = 1;

/** A replica, and a server that is full, would let us read. */
function writeMark(name: string): Command {
  return ["set", name, "", "PX", MARK_LIFE_MS];
}

export function createTrials({ opened, promotions, keys, commandTimeoutMs }: TrialParts): Trials {
  const { connection } = promotions;
  const revival = createRevival(connection);

  return {
    async ping() {
      // On a cluster one server's word is not all servers'.
      const marks = connection.isCluster ? keys.allMarks() : keys.allMarks().slice(0, 1);
      try {
        const replies = await connection.sendAll(marks.map(writeMark));
        const failures = replies.filter((reply) => reply instanceof StoreError);
        // The nodes of a cluster that are lost have breakers of their own.
        const mayBeLost = failures.length < replies.length;
        for (const failure of failures) {
          if (!mayBeLost || !(failure instanceof NodeUnavailableError)) throw failure;
        }
        revival.succeed();
      } catch (error) {
        revival.fail();
        if (connection.isCluster) promotions.suspect();
        throw error;
      }
    },

    async tryNode(address) {
      const nodes = opened.nodes as Nodes;
      await promotions.refresh();
      const slot = nodes.slotOf(address);
      if (slot === undefined) return;
      const mark = [...keys.allMarks(), keys.markIn(slot)].find((name) =>
        nodes.leadsTo(address, name),
      );
      // A prefix with braces lies on one node: on another there is nothing of ours that could be asked for.
      const [verb, ...args] = mark ? writeMark(mark) : (["ping"] as const);
      // Straight: the client of a cluster would look for somebody else to ask, again and again.
      const server = nodes.clientOf(address);
      if (!server) throw new StoreUnavailableError("The node must be known, but is not.");
      await within(commandTimeoutMs, server.callBuffer(verb, [...args]));
    },
  };
}
