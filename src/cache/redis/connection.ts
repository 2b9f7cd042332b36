import type { Cluster, Redis } from "ioredis";
import { StoreUnavailableError, UnsupportedStoreError } from "../errors.js";
import type { RedisClient } from "./client.js";
import { duplicate } from "./duplicate.js";
import { readEvaluation } from "./evaluate.js";
import { createForbidden } from "./forbidden.js";
import { isMissing, repeatMissingScripts } from "./missing-scripts.js";
import { createNodes, type Nodes, type NodeWatch } from "./nodes.js";
import { readyOf } from "./ready.js";
import { accepted, asStoreError } from "./reply-error.js";
import { bytesSentBy, limitMsFor, watchReplies } from "./step-time.js";
import { isRefusal, loadScripts } from "./transactions/load-scripts.js";
import { createTransactions, type Transactions } from "./transactions/transactions.js";
import { inTime, within } from "./within.js";

export { evaluate } from "./evaluate.js";

export type Argument = string | number | Buffer;

/** One command; its first word is its name. */
export type Command = readonly [name: string, ...args: Argument[]];

/** A connection of our own beside the user's, with our own ideas of retries, offline queues and prefixes. */
export interface Connection {
  readonly isCluster: boolean;
  /** For what a command cannot tell: what becomes of the connection, and where the slots of a cluster lie. */
  readonly client: RedisClient;
  /** Why nothing can be sent now, or what the server does not let us do, as a sentence. */
  readonly problem: string | undefined;
  /** What is worth knowing and breaks no promise, as a sentence. */
  readonly note: string | undefined;
  /**
   * Sends all commands at once, on a single server in one write, and waits for all replies. Texts come as Buffers.
   * A reply that is an error stands in its place as a StoreError; of a cluster, what a lost node was to answer as a
   * NodeUnavailableError.
   *
   * The time limit holds for everything: connecting, where there is no connection, as for the replies.
   *
   * @param usedMs what earlier commands of the same step took of it
   * @throws StoreUnavailableError when not all replies of a single server came within the time limit
   */
  sendAll(commands: readonly Command[], usedMs?: number): Promise<unknown[]>;
  /** How long `sendAll` may take for these commands, sent now. */
  limitMsFor(commands: readonly Command[]): number;
  /** As `sendAll` for one command, whose error reply is thrown. */
  send(...command: Command): Promise<unknown>;
  /** The clients of all masters. */
  masters(): Redis[];
  /** Why one of these names cannot be asked for now: of a cluster, the node that it lies on is lost. */
  refusal(names: readonly string[]): StoreUnavailableError | undefined;
  /** The masters of a cluster and their breakers; undefined for a single server. */
  readonly nodes: Nodes | undefined;
  /** Runs at every (re)connect. */
  onReady(listener: () => void): void;
  close(): void;
}

/**
 * What the servers are, and whether they let us run scripts, is asked at every connect and told before the first
 * command is sent.
 *
 * @param examineMs how long may be waited for that, of a cluster for a node that hangs
 * @throws UnsupportedStoreError for a client that reads from replicas, which an eviction reaches too late
 */
export function openConnection(
  given: RedisClient,
  commandTimeoutMs: number,
  watch?: NodeWatch,
  examineMs = commandTimeoutMs,
): Connection {
  const client = duplicate(given);
  const nodes = watch && client.isCluster ? createNodes(client as Cluster, watch) : undefined;
  const becomeReady = readyOf(client);
  const forbidden = createForbidden();
  const readyListeners: Array<() => void> = [];
  let unsupported: UnsupportedStoreError | undefined;
  /** Instead of scripts, where the server refuses them. */
  let transactions: Transactions | undefined;
  /** Sent and not answered: what is sent after it is answered after it. */
  let bytesUnderWay = 0;
  /** While it is not yet known what the server is and lets us do. */
  let preparing: Promise<void> | undefined;
  // Failures show in the commands that meet them.
  client.on("error", () => {});
  client.on("ready", prepare);

  function prepare(): void {
    const work = examine().then(() => {
      if (preparing === work) preparing = undefined;
      for (const listener of readyListeners) listener();
    });
    preparing = work;
  }

  async function examine(): Promise<void> {
    const answers = await Promise.allSettled(
      masters().flatMap((server) => [
        within(examineMs, server.info("server").then(checkVersion)),
        within(examineMs, loadScripts(server)),
      ]),
    );
    const found = answers.map((answer) => answer.status === "fulfilled" && answer.value);
    unsupported = found.find((answer) => answer instanceof UnsupportedStoreError);
    const isRefused = found.includes("refused");
    if (!isRefused && !found.includes("allowed")) return;
    // We may have come to another server: no transaction may go on with the one before.
    transactions?.close();
    transactions = isRefused ? createTransactions(client, limitOf, transmit) : undefined;
  }

  /** Not async: the reads of warm entries would pay for one more frame. */
  function sendAll(commands: readonly Command[], usedMs = 0): Promise<unknown[]> {
    const bytes = bytesSentBy(commands);
    bytesUnderWay += bytes;
    // A list of thousands may have taken many times the limit of one step.
    const limitMs = limitOf(commands, bytesUnderWay) - Math.min(usedMs, commandTimeoutMs);
    const sending = sendWithin(Math.max(1, limitMs), commands);
    if (bytes === 0) return sending;
    return sending.finally(() => {
      bytesUnderWay -= bytes;
    });
  }

  async function sendWithin(limitMs: number, commands: readonly Command[]): Promise<unknown[]> {
    const isUsable = client.status === "ready" && !preparing;
    if (nodes) {
      const sendAll = () => nodes.exchange(commands, limitMs, exchange);
      return isUsable ? sendAll() : inTime(limitMs, becomeUsable, sendAll);
    }
    const isMoreComing = client.isCluster ? undefined : watchReplies(client as Redis);
    const replies = await (isUsable
      ? within(limitMs, exchange(commands), isMoreComing)
      : inTime(limitMs, becomeUsable, () => exchange(commands)));
    // Out of reach is out of reach, whichever command of the batch found it out.
    for (const reply of replies) if (reply instanceof StoreUnavailableError) throw reply;
    return replies;
  }

  async function becomeUsable(limitMs: number): Promise<void> {
    await becomeReady(limitMs);
    await preparing;
  }

  function limitOf(commands: readonly Command[], bytesAhead = bytesSentBy(commands)): number {
    return limitMsFor(commands, bytesAhead, commandTimeoutMs);
  }

  async function exchange(commands: readonly Command[]): Promise<unknown[]> {
    if (unsupported) throw new StoreUnavailableError(unsupported.message, { cause: unsupported });
    const replies = await (transactions ? transactions.exchange(commands) : transmit(commands));
    if (replies.some(isMissing)) await repeatMissingScripts(commands, replies, transmit);
    for (const [index, reply] of replies.entries()) {
      if (!(reply instanceof Error)) continue;
      forbidden.note(reply);
      // Scripts were forbidden since we asked.
      const isScript = readEvaluation(commands[index] as Command) !== undefined;
      if (isRefusal(reply) && isScript && !preparing) prepare();
      replies[index] = asStoreError(reply);
    }
    return replies;
  }

  async function transmit(commands: readonly Command[]): Promise<unknown[]> {
    const [first] = commands;
    if (commands.length === 1 && first) return [await call(first).catch(asError)];
    if (client.isCluster) {
      return Promise.all(commands.map((command) => call(command).catch(asError)));
    }
    const pipeline = (client as Redis).pipeline();
    for (const [name, ...args] of commands) pipeline.callBuffer(name, args);
    const results = (await pipeline.exec()) ?? [];
    return results.map(([error, reply]) => error ?? reply);
  }

  function call([name, ...args]: Command): Promise<unknown> {
    return client.callBuffer(name, args);
  }

  function masters(): Redis[] {
    return client.isCluster ? (client as Cluster).nodes("master") : [client as Redis];
  }

  return {
    isCluster: client.isCluster,
    client,
    get problem() {
      if (unsupported) return unsupported.message;
      return client.status === "ready" ? forbidden.problem : "The connection to Redis is down.";
    },
    get note() {
      return transactions && NO_SCRIPTS;
    },
    sendAll,
    limitMsFor: (commands) => limitOf(commands, bytesUnderWay + bytesSentBy(commands)),
    send: sendOver(sendAll),
    masters,
    refusal: (names) => nodes?.refusal(names),
    nodes,
    onReady: (listener) => readyListeners.push(listener),
    close() {
      nodes?.close();
      transactions?.close();
      client.disconnect();
    },
  };
}

/** `send` by means of this `sendAll`. */
export function sendOver(sendAll: Connection["sendAll"]): Connection["send"] {
  return async (...command) => {
    const [reply] = await sendAll([command]);
    return accepted(reply);
  };
}

const NO_SCRIPTS =
  "Redis refuses scripts to this user: conditional writes run as WATCH/MULTI, in two or three round trips instead of one.";

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

/** Redis 7.0 brought what the scripts rely on; Valkey has had it from its first release on. */
function checkVersion(info: string): UnsupportedStoreError | undefined {
  const found = /^(?:redis|valkey)_version:(\d+)\.(\S+)/m.exec(info);
  if (!found || Number(found[1]) >= 7) return undefined;
  return new UnsupportedStoreError(
    `The server must be Redis 7.0 or newer, or Valkey 7.2 or newer, but is version ${found[1]}.${found[2]}.`,
  );
}
