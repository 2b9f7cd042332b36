import type { Cluster, Redis } from "ioredis";
import { StoreUnavailableError } from "../errors.js";
import { type Command, type Connection, sendOver } from "./connection.js";
import type { Nodes } from "./nodes.js";
import { readyOf } from "./ready.js";
import { idOf, infoOf, markOf, type ServerId, wasReplica } from "./server-id.js";
import { hookSlotRefresh } from "./slot-refresh.js";
import { within } from "./within.js";

/**
 * Knows which servers we talk to. Replication is asynchronous: a promoted replica, and a restarted server with an old
 * snapshot, may lack what the one before had acknowledged. Where we reconnect, nothing is sent until the server has
 * said who it is; on a cluster a slot may also change hands without that, and is noticed with the redirection.
 */
export interface Promotions {
  /** The connection with this watch before it: the one to use. */
  readonly connection: Connection;
  /** The masters in use, as last seen. */
  readonly masters: ReadonlySet<ServerId>;
  /** How the eviction log names the server that it is on; "" where that is not known. */
  readonly logMark: string;
  /** Resolves when the servers are known. @throws StoreUnavailableError when they are not in time */
  known(): Promise<void>;
  /** Something went wrong that a server may have been replaced for: it is asked again before anything is sent. */
  suspect(): void;
  /** A node was lost: from now on it may be replaced. */
  lose(): void;
  /** Learns anew who serves which slots of a cluster. */
  refresh(): Promise<void>;
}

type Seen = Pick<Promotions, "masters" | "logMark">;

/**
 * @param onPromotion told, before anything is sent to the new server, when the old one was lost (on
 *   `performance.now()`'s clock)
 */
export function watchPromotions(
  connection: Connection,
  logName: string,
  commandTimeoutMs: number,
  onPromotion: (lostAtMs: number) => void,
): Promotions {
  const { client } = connection;
  const refresh = client.isCluster ? hookSlotRefresh(client as Cluster, doubt) : undefined;
  let masters: ReadonlySet<ServerId> = new Set();
  /** Masters that were in use once, and that neither came back nor were replaced. */
  const missing = new Set<ServerId>();
  let logMark = "";
  let isKnown = false;
  let lostAtMs: number | undefined;
  let looking: Promise<void> | undefined;
  /** Grows when what is being looked at may have changed meanwhile. */
  let changes = 0;
  let promotions = 0;
  let isBlind = false;
  const becomeReady = readyOf(client);

  function doubt(): void {
    changes += 1;
    isKnown = false;
    if (client.status === "ready") lookInBackground();
  }

  function suspect(): void {
    lostAtMs ??= performance.now();
    doubt();
  }

  function look(): Promise<void> {
    looking ??= lookUntilSettled().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function lookUntilSettled(): Promise<void> {
    let before: number;
    do {
      before = changes;
      if (refresh && !isKnown) await refresh();
      const seen = await ask();
      if (before === changes) settle(seen);
    } while (before !== changes);
  }

  function settle(seen: Seen): void {
    const isPromotion = masters.size > 0 && isReplaced(seen.masters);
    ({ masters, logMark } = seen);
    isKnown = true;
    const lostAt = lostAtMs ?? performance.now();
    if (!connection.nodes?.lost.size) lostAtMs = undefined;
    if (!isPromotion) return;
    promotions += 1;
    onPromotion(lostAt);
  }

  /**
   * Whether a server has come in the place of another. A cluster that grows has one more master, which never was a
   * replica, while no other is missing: its keys were moved to it, and none is lost.
   */
  function isReplaced(now: ReadonlySet<ServerId>): boolean {
    const come = [...now].filter((id) => !masters.has(id) && !missing.has(id));
    for (const id of masters) missing.add(id);
    for (const id of now) missing.delete(id);
    const isOne = come.length > 0 && (missing.size > 0 || come.some(wasReplica));
    if (isOne) missing.clear();
    return isOne;
  }

  async function ask(): Promise<Seen> {
    const { nodes } = connection;
    const servers = connection.masters().filter((server) => !nodes?.isLost(server));
    if (servers.length === 0)
      throw new StoreUnavailableError("A master must be known, but none is.");
    const infos = await (nodes
      ? askThoseThatAnswer(nodes, servers)
      : within(commandTimeoutMs, Promise.all(servers.map(infoOf))));
    isBlind = infos.includes("");
    const isLogLost = nodes?.refusal([logName]) !== undefined;
    const logInfo = !client.isCluster
      ? infos[0]
      : isLogLost
        ? ""
        : await askMasterOfLog(client as Cluster);
    return { masters: new Set(infos.map(idOf)), logMark: markOf(logInfo ?? "") };
  }

  /** What does not say who it is is lost: nothing is asked of it until it does. */
  async function askThoseThatAnswer(nodes: Nodes, servers: readonly Redis[]): Promise<string[]> {
    const answers = await Promise.allSettled(
      servers.map((server) => within(commandTimeoutMs, infoOf(server))),
    );
    const infos: string[] = [];
    let failure: unknown;
    for (const [index, answer] of answers.entries()) {
      if (answer.status === "fulfilled") infos.push(answer.value);
      else {
        failure = answer.reason;
        nodes.lose(servers[index] as Redis, answer.reason);
      }
    }
    if (infos.length === 0) throw failure;
    return infos;
  }

  /** A pipeline goes where its keys are, all of it. */
  async function askMasterOfLog(cluster: Cluster): Promise<string> {
    const pipeline = cluster.pipeline().exists(logName).info("replication");
    const results = (await within(commandTimeoutMs, pipeline.exec())) ?? [];
    return results.some(([error]) => error) ? "" : String(results[1]?.[1]);
  }

  function lookInBackground(): void {
    // What fails is tried again before the next command is sent.
    look().catch(() => {});
  }

  client.on("close", suspect);
  client.on("ready", lookInBackground);
  if (client.isCluster) {
    client.on("-node", (node: Redis) => {
      // One that is known to be lost is asked who it is when it is back.
      if (!node.options.readOnly && !connection.nodes?.isLost(node)) suspect();
    });
  }

  async function known(limitMs = commandTimeoutMs): Promise<void> {
    if (isKnown) return;
    const leftMs = Math.max(1, limitMs);
    await within(leftMs, becomeReady(leftMs).then(look));
  }

  async function sendAll(commands: readonly Command[], usedMs = 0): Promise<unknown[]> {
    const before = promotions;
    const began = performance.now();
    const used = () => usedMs + performance.now() - began;
    const limitMs = connection.limitMsFor(commands);
    if (!isKnown) await known(limitMs - used());
    if (before !== promotions) throw promoted();
    // Only where this process itself was stopped is there an answer past the limit.
    const askedMs = used() > limitMs ? usedMs : used();
    const replies = await connection.sendAll(commands, askedMs);
    if (isKnown) return replies;
    // On a cluster a redirection may have led to a server that was promoted just now.
    if (client.isCluster) await known(limitMs - used());
    if (before !== promotions) throw promoted();
    return connection.nodes?.withoutLost(commands, replies) ?? replies;
  }

  return {
    connection: {
      ...connection,
      get problem() {
        return connection.problem;
      },
      get note() {
        return connection.note ?? (isBlind ? BLIND : undefined);
      },
      sendAll,
      send: sendOver(sendAll),
    },
    get masters() {
      return masters;
    },
    get logMark() {
      return logMark;
    },
    known,
    suspect,
    lose() {
      lostAtMs ??= performance.now();
    },
    refresh: async () => refresh?.(),
  };
}

const BLIND =
  "INFO must be allowed, so that a promoted replica is noticed, but is not: what a failover undoes is not evicted again.";

/** Nobody who waited for the old server is answered by the new one before that has what the old one had. */
function promoted(): StoreUnavailableError {
  const text = "The server must be the one that was in use before, but another was promoted.";
  return new StoreUnavailableError(text);
}
