import type { Cluster, Redis } from "ioredis";
import { UnsupportedStoreError } from "../errors.js";
import type { RedisClient } from "./client.js";

/** At most a quarter of a second between attempts, so that we are back soon after Redis is. */
const retryStrategy = (attempt: number) => Math.min(25 * 2 ** Math.min(attempt, 4), 250);

const OWN_OPTIONS = {
  keyPrefix: "",
  /** Nothing is queued for a server that is away, and nothing sent is sent again: the caller decides. */
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableAutoPipelining: false,
  enableReadyCheck: true,
  lazyConnect: false,
  connectTimeout: 2000,
  retryStrategy,
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
    return (given as Redis).duplicate({ ...options, commandTimeout: undefined });
  }
  const { retryStrategy: clusterRetryStrategy, ...redisOptions } = options;
  return (given as Cluster).duplicate([], {
    keyPrefix: "",
    enableOfflineQueue: options.enableOfflineQueue,
    lazyConnect: false,
    clusterRetryStrategy,
    redisOptions,
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
