import type { Cluster } from "ioredis";
import { StoreSlowError } from "../errors.js";
import type { RedisClient } from "./client.js";
import { type Command, type Connection, openConnection, sendOver } from "./connection.js";
import type { Keys } from "./keys.js";
import type { NodeWatch } from "./nodes.js";
import { dropSocket } from "./revival.js";
import { hookSlotRefresh } from "./slot-refresh.js";
import { createTrials } from "./trials.js";

export interface BulkParts {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly commandTimeoutMs: number;
  /** As of the nodes that callers ask. */
  readonly breakerOpenMs: number;
}

/** Batches of large values are nobody's to wait for, and are not to hold up a caller's command behind them. */
const BULK_TIMEOUT_MS = 5000;

/**
 * The connection for what may take its time. It finds out by itself what the callers' connection does: a node of a
 * cluster that is lost takes nothing but what lies on it, and a connection that leads nowhere is given up.
 */
export function openBulk({ redis, keys, commandTimeoutMs, breakerOpenMs }: BulkParts): Connection {
  const limitMs = Math.max(commandTimeoutMs, BULK_TIMEOUT_MS);
  const watch: NodeWatch = {
    openMs: breakerOpenMs,
    trial: (address) => trials.tryNode(address),
    onLost() {},
    onBack() {},
  };
  const opened = openConnection(redis, limitMs, watch, commandTimeoutMs);
  const { client } = opened;
  const refresh = client.isCluster ? hookSlotRefresh(client as Cluster, () => {}) : async () => {};
  const promotions = { connection: opened, refresh, suspect() {} };
  const trials = createTrials({ opened, promotions, keys, commandTimeoutMs });

  async function sendAll(commands: readonly Command[], usedMs?: number): Promise<unknown[]> {
    const sentAt = performance.now();
    try {
      return await opened.sendAll(commands, usedMs);
    } catch (error) {
      // A refusal comes sooner.
      const wasSilent = performance.now() - sentAt > limitMs / 2;
      if (wasSilent) for (const server of opened.masters()) dropSocket(server);
      // It is still connecting: one node that hangs keeps it from that, and is no outage of the others.
      throw client.isCluster
        ? new StoreSlowError((error as Error).message, { cause: error })
        : error;
    }
  }

  return { ...opened, sendAll, send: sendOver(sendAll) };
}
