import type { Cluster, Redis } from "ioredis";
import { keySlot } from "../../key-slot.js";
import { type Breaker, createBreaker } from "../breaker.js";
import { NodeUnavailableError, StoreUnavailableError } from "../errors.js";
import type { Command } from "./connection.js";
import { isSlotOnTheMove } from "./reply-error.js";
import { createRevival, type Revival } from "./revival.js";
import { watchReplies } from "./step-time.js";
import { within } from "./within.js";

/**
 * The masters of a cluster, each with a breaker of its own: one that is lost takes from us what lies on it, and nothing
 * else.
 */
export interface Nodes {
  /** Those that are lost, by address. */
  readonly lost: ReadonlyMap<string, Breaker>;
  isLost(server: Redis): boolean;
  /** A slot that leads to it; undefined where it has none any more. */
  slotOf(address: string): number | undefined;
  leadsTo(address: string, name: string): boolean;
  /** Its client, whatever its state. */
  clientOf(address: string): Redis | undefined;
  /** Why one of these names cannot be asked for now; undefined where all can. */
  refusal(names: readonly string[]): NodeUnavailableError | undefined;
  /** Counts a master as lost until a trial of its own succeeds. */
  lose(server: Redis, error: Error): void;
  /**
   * Sends each node its share, within the time limit. What a node does not answer, or answers with an error of its own,
   * stands as a NodeUnavailableError in the place of each of its replies; one that is lost is sent nothing.
   */
  exchange(commands: readonly Command[], limitMs: number, send: Send): Promise<unknown[]>;
  /** The replies, of which those of nodes that were lost meanwhile count no more. */
  withoutLost(commands: readonly Command[], replies: unknown[]): unknown[];
  close(): void;
}

type Send = (commands: readonly Command[]) => Promise<unknown[]>;

/** What becomes of the nodes, and how it is found out. */
export interface NodeWatch {
  /** The longest pause between two trials of a node. */
  readonly openMs: number;
  /** Resolves when the node answers and takes writes, or has no slots any more. */
  trial(address: string): Promise<void>;
  onLost(error: NodeUnavailableError): void;
  /** Called before anything is sent to it again. */
  onBack(address: string): void;
}

export function createNodes(cluster: Cluster, watch: NodeWatch): Nodes {
  const lost = new Map<string, Breaker>();
  let isClosed = false;
  askNoLostOneForSlots();

  /** Undefined for what any node can carry out. */
  function addressOf(command: Command): string | undefined {
    const name = nameOf(command);
    return name === undefined ? undefined : addressOfName(name);
  }

  function addressOfName(name: string): string | undefined {
    return cluster.slots[keySlot(name)]?.[0];
  }

  function clientOf(address: string): Redis | undefined {
    return cluster.nodes("master").find((server) => addressOfClient(server) === address);
  }

  function refusal(names: readonly string[]): NodeUnavailableError | undefined {
    if (lost.size === 0) return undefined;
    for (const name of names) {
      const address = addressOfName(name);
      const cause = address === undefined ? undefined : lost.get(address)?.cause;
      if (address !== undefined && cause) return unavailable(address, cause);
    }
    return undefined;
  }

  /** Connections that lead nowhere are given up one after another, as those to a single server are. */
  async function tryNode(address: string, revival: Revival): Promise<void> {
    try {
      await watch.trial(address);
    } catch (error) {
      revival.fail();
      throw error;
    }
  }

  function open(address: string, cause: Error): NodeUnavailableError {
    const error = unavailable(address, cause);
    // What is cut off by our own closing is no loss.
    if (isClosed || lost.has(address)) return error;
    const revival = createRevival({
      masters: () => [clientOf(address)].filter((one) => one !== undefined),
    });
    const breaker = createBreaker({
      openMs: watch.openMs,
      trial: () => tryNode(address, revival),
      onOpen: () => watch.onLost(error),
      onClosed() {
        lost.delete(address);
        watch.onBack(address);
      },
    });
    lost.set(address, breaker);
    breaker.open(error);
    return error;
  }

  /**
   * Or one that hangs would hold up those who only want to know where the slots lie. Where all are lost, as those of a
   * cluster that serves no slot while one has no master, nobody else is left to ask.
   */
  function askNoLostOneForSlots(): void {
    const given = cluster as unknown as { getInfoFromNode: AskForSlots };
    const ask = given.getInfoFromNode.bind(cluster);
    given.getInfoFromNode = (server, callback) => {
      const areAllLost = () => cluster.nodes().every((one) => lost.has(addressOfClient(one)));
      if (server && lost.has(addressOfClient(server)) && !areAllLost()) {
        callback(new StoreUnavailableError("The node is lost."));
      } else ask(server, callback);
    };
  }

  async function exchangeWith(
    address: string | undefined,
    commands: readonly Command[],
    limitMs: number,
    send: Send,
  ): Promise<unknown[]> {
    const cause = address === undefined ? undefined : lost.get(address)?.cause;
    if (address !== undefined && cause) return commands.map(() => unavailable(address, cause));
    let replies: unknown[];
    try {
      const isMoreComing = watchReplies(address === undefined ? undefined : clientOf(address));
      replies = await within(limitMs, send(commands), isMoreComing);
    } catch (error) {
      if (address === undefined) return commands.map(() => error);
      const failure = open(address, error as Error);
      return commands.map(() => failure);
    }
    if (address === undefined) return replies;
    const failure = replies.find(isOfLostNode);
    if (!failure) return replies;
    const error = open(address, failure);
    return replies.map((reply) => (isOfLostNode(reply) ? error : reply));
  }

  return {
    lost,
    slotOf(address) {
      const slot = cluster.slots.findIndex((addresses) => addresses?.[0] === address);
      return slot === -1 ? undefined : slot;
    },
    clientOf,
    leadsTo: (address, name) => addressOfName(name) === address,
    isLost: (server) => lost.has(addressOfClient(server)),
    refusal,
    lose: (server, error) => open(addressOfClient(server), error),
    async exchange(commands, limitMs, send) {
      const places = new Map<string | undefined, number[]>();
      for (const [place, command] of commands.entries()) {
        const address = addressOf(command);
        const own = places.get(address);
        if (own) own.push(place);
        else places.set(address, [place]);
      }
      const replies: unknown[] = new Array(commands.length);
      await Promise.all(
        [...places].map(async ([address, own]) => {
          const share = own.map((place) => commands[place] as Command);
          const answers = await exchangeWith(address, share, limitMs, send);
          own.forEach((place, index) => {
            replies[place] = answers[index];
          });
        }),
      );
      return replies;
    },
    withoutLost(commands, replies) {
      if (lost.size === 0) return replies;
      return replies.map((reply, place) => {
        const name = nameOf(commands[place] as Command);
        return (name !== undefined && refusal([name])) || reply;
      });
    },
    close() {
      isClosed = true;
      for (const breaker of lost.values()) breaker.close();
    },
  };
}

/** A slot on its way from one node to another is no loss of either. */
function isOfLostNode(reply: unknown): reply is StoreUnavailableError {
  return reply instanceof StoreUnavailableError && !isSlotOnTheMove(reply);
}

type AskForSlots = (
  server: Redis | undefined,
  callback: (error?: Error | null, result?: unknown) => void,
) => void;

const KEYLESS = new Set(["publish", "time", "info"]);

/** A name that decides where the command goes. */
function nameOf(command: Command): string | undefined {
  const [verb, first, second, third] = command;
  if (verb === "evalsha" || verb === "eval") return Number(second) > 0 ? String(third) : undefined;
  if (verb === "xgroup" || verb === "xinfo") return String(second);
  if (verb === "xreadgroup") return String(command[command.indexOf("STREAMS") + 1]);
  return first === undefined || KEYLESS.has(verb) ? undefined : String(first);
}

function addressOfClient({ options }: Redis): string {
  return `${options.host}:${options.port}`;
}

function unavailable(node: string, cause: Error): NodeUnavailableError {
  if (cause instanceof NodeUnavailableError && cause.node === node) return cause;
  return new NodeUnavailableError(node, { cause });
}
