import type { Cluster, Redis } from "ioredis";
import { UnsupportedStoreError } from "../errors.js";
import type { RedisClient } from "./client.js";
import { connectAnew } from "./revival.js";

/** At most a quarter of a second between attempts, so that we are back soon after Redis is. */
const retryStrategy = (attempt: number) => Math.min(25 * 2 ** Math.min(attempt, 4), 250);

const OWN_OPTIONS = {
  keyPrefix: "",
  /** Replies are read as the server gives them: a 1 is no "1", and a list of pairs no map. */
  stringNumbers: false,
  replyMapping: "legacy" as const,
  /** Nothing is queued for a server that is away, and nothing sent is sent again: the caller decides. */
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  /** We ask what may be refused, as whether scripts may be run; no such answer is to cost the connection. */
  reconnectOnError: null,
  maxRetriesPerRequest: 0,
  enableAutoPipelining: false,
  enableReadyCheck: true,
  lazyConnect: false,
  connectTimeout: 2000,
  retryStrategy,
};

/**
 * A cluster's nodes are connected to when first used, also in the middle of a redirection, so that commands must be
 * able to wait for them: without the queues they are refused. Our own time limit holds for these as for all others, and
 * what waits for a node that does not come is refused with it.
 */
const CLUSTER_OPTIONS = {
  keyPrefix: "",
  /** Commands of many slots are sent in one tick here, where ioredis' own pipelines of a cluster throw out of all reach. */
  enableAutoPipelining: false,
  lazyConnect: false,
  enableOfflineQueue: true,
  /** A node that is lost leaves the client, by which we know to ask who comes back; one that stays comes back unasked. */
  clusterNodeRetryStrategy: null,
  /** What a lost node left unanswered is not sent to another, nor what a failed slot refused: the caller decides. */
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  /** Where a slot has gone is known, and nothing to wait for. */
  retryDelayOnMoved: 0,
  /** Slots on the move: a command for several keys is refused in the end, rather than retried past our time limit. */
  retryDelayOnTryAgain: 1,
  maxRedirections: 8,
};

/**
 * A connection of our own with the user's address and credentials, and our own ideas of retries, queues and prefixes.
 *
 * @throws UnsupportedStoreError for a client that reads from replicas
 */
export function duplicate(given: RedisClient, own: { subscriber?: boolean } = {}): RedisClient {
  refuseReplicaReads(given);
  const options = own.subscriber ? { ...OWN_OPTIONS, autoResubscribe: false } : OWN_OPTIONS;
  if (!given.isCluster) {
    const isSentinel = Boolean((given as Redis).options.sentinels);
    // A master that hangs, or is cut off from the others, is let go of when the sentinels have promoted another.
    const sentinelOptions = isSentinel ? { failoverDetector: true } : {};
    const own = { ...options, ...sentinelOptions, commandTimeout: undefined };
    const client = (given as Redis).duplicate(own);
    if (isSentinel) beginAnewAfterEnd(client);
    return client;
  }
  const { retryStrategy: clusterRetryStrategy, ...redisOptions } = options;
  const client = (given as Cluster).duplicate([], {
    ...CLUSTER_OPTIONS,
    clusterRetryStrategy,
    redisOptions: { ...redisOptions, enableOfflineQueue: true, commandTimeout: undefined },
  });
  askAnotherNode(client);
  return client;
}

const READY_WITHIN_MS = 1000;

/** Before it is ready, the client of a cluster asks any node whether all is well, and one that hangs for ever. */
function askAnotherNode(client: Cluster): void {
  let limit: NodeJS.Timeout | undefined;
  client.on("connect", () => {
    clearTimeout(limit);
    limit = setTimeout(() => {
      if (client.status === "connect") connectAnew(client);
    }, READY_WITHIN_MS).unref();
  });
}

const BEGIN_ANEW_AFTER_MS = 50;

/** News of a failover that come while the client asks the sentinels for the master make it give up for good. */
function beginAnewAfterEnd(client: Redis): void {
  const disconnect = client.disconnect.bind(client);
  let isClosed = false;
  client.disconnect = (reconnect = false) => {
    if (!reconnect) isClosed = true;
    disconnect(reconnect);
  };
  client.on("end", () => {
    setTimeout(() => {
      // What fails ends again.
      if (!isClosed) client.connect().catch(() => {});
    }, BEGIN_ANEW_AFTER_MS).unref();
  });
}

function refuseReplicaReads(given: RedisClient): void {
  const reads = given.isCluster
    ? (given as Cluster).options.scaleReads
    : (given as Redis).options.role === "slave" || (given as Redis).options.readOnly
      ? "slave"
      : "master";
  if (reads !== undefined && reads !== "master") {
    throw new UnsupportedStoreError(
      `The Redis client must read from masters, since an eviction reaches replicas late, but it reads from: ${String(reads)}`,
    );
  }
}
