import { checkMilliseconds, checkOptionNames } from "../checks.js";
import { createStorage } from "../create-storage.js";
import { InvalidStorageValueError } from "../errors.js";
import type { Storage } from "../storage.js";
import { createKeyspace } from "./keyspace.js";
import { createOutageGuard } from "./outage-guard.js";
import type { RedisClient } from "./redis-client.js";
import { createRedisCounters } from "./redis-counters.js";
import { createRedisHashes } from "./redis-hashes.js";
import { createRedisSets } from "./redis-sets.js";
import { createRedisSortedSets } from "./redis-sorted-sets.js";

export interface RedisStorageOptions {
  /** Redis 7.0 or Valkey 7.2 and later. Used as it is and never closed. */
  redis: RedisClient;
  /** What every key begins with. Default "storage:". */
  prefix?: string;
  /** Milliseconds after which an operation rejects, whatever the client's own settings. Default 1,000. */
  commandTimeoutMs?: number;
  /** Milliseconds for which nothing is sent after a connected server failed to answer. Default 500. */
  pauseMs?: number;
}

const KNOWN: Readonly<Record<keyof RedisStorageOptions, true>> = {
  redis: true,
  prefix: true,
  commandTimeoutMs: true,
  pauseMs: true,
};

/**
 * The structures on Redis: keys are `<prefix><name>:<id>`; of records with indexes `<prefix>{<name>}:<id>`, and
 * `<prefix>{<name>}#<field>:<digest of the value>` for the ids of those that have it.
 *
 * Give it a client with `autoResendUnfulfilledCommands` and `enableOfflineQueue` off: one with ioredis's defaults may,
 * once it has reconnected, still do a write that was cut off and whose caller was told that it failed.
 *
 * @throws InvalidStorageValueError without a client, for a time that is none, and an option that it doesn't know.
 */
export function createRedisStorage(options: RedisStorageOptions): Storage {
  checkOptionNames("createRedisStorage", options, KNOWN);
  const { redis, prefix = "storage:", commandTimeoutMs = 1_000, pauseMs = 500 } = options;
  if (typeof redis?.on !== "function" || typeof redis.isCluster !== "boolean") {
    throw new InvalidStorageValueError(
      "createRedisStorage must be given an ioredis client (Redis or Cluster) as `redis`.",
    );
  }
  const guard = createOutageGuard(redis, {
    timeoutMs: checkMilliseconds("commandTimeoutMs", commandTimeoutMs, 1),
    pauseMs: checkMilliseconds("pauseMs", pauseMs, 0),
  });
  const keyspace = (name: string, isInOneSlot = false) =>
    createKeyspace({ client: redis, guard, prefix, name, isInOneSlot });

  return createStorage({
    hashes: (name, indexes) => createRedisHashes(keyspace(name, indexes.size > 0), indexes),
    sortedSets: (name, order) => createRedisSortedSets(keyspace(name), order),
    sets: (name) => createRedisSets(keyspace(name)),
    counters: (name) => createRedisCounters(keyspace(name)),
  });
}
