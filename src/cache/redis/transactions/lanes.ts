import type { Cluster, Redis } from "ioredis";
import { StoreUnavailableError } from "../../errors.js";
import type { RedisClient } from "../client.js";
import { keySlot } from "./key-slot.js";
import { createLane, type Lane } from "./lane.js";

/** The lanes to the server, or to each master of a cluster. */
export interface Lanes {
  /**
   * The lane that transactions of this key take. It is always the same of a server's, so those of one process are
   * never in each other's way.
   *
   * @param address of a cluster's node, as host:port. Default: the master of the key's slot
   * @throws StoreUnavailableError where no such node is known
   */
  of(key: string, address?: string): Lane;
  close(): void;
}

/** For each server. Each is a connection of its own. */
const LANES = 4;

/**
 * It never reconnects: what is left of a transaction when a connection ends finds none. Nothing is queued, and nothing
 * is sent twice.
 */
const OWN_OPTIONS = {
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  reconnectOnError: null,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  lazyConnect: true,
  disconnectTimeout: 100,
  protocol: 2,
} as const;

export function createLanes(client: RedisClient): Lanes {
  const servers = new Map<string, Lane[]>();

  function lanesOf(address: string, server: () => Redis): Lane[] {
    const known = servers.get(address);
    if (known) return known;
    const lanes = Array.from({ length: LANES }, () => createLane(() => openBeside(server())));
    servers.set(address, lanes);
    return lanes;
  }

  function close(lanes: readonly Lane[] = []): void {
    for (const lane of lanes) lane.close();
  }

  if (client.isCluster) {
    client.on("-node", (_: Redis, address: string) => {
      close(servers.get(address));
      servers.delete(address);
    });
  }

  return {
    of(key, address) {
      const slot = keySlot(key);
      const at = client.isCluster ? (address ?? masterOf(client as Cluster, slot)) : "";
      const server = () => (client.isCluster ? nodeAt(client as Cluster, at) : (client as Redis));
      return lanesOf(at, server)[slot % LANES] as Lane;
    },
    close() {
      for (const lanes of servers.values()) close(lanes);
      servers.clear();
    },
  };
}

function openBeside(server: Redis): Redis {
  const connection = server.duplicate(OWN_OPTIONS);
  // Failures show in the commands that meet them.
  connection.on("error", () => {});
  return connection;
}

function masterOf(cluster: Cluster, slot: number): string {
  const address = cluster.slots[slot]?.[0];
  if (!address) throw new StoreUnavailableError(`Slot ${slot} must have a master, but has none.`);
  return address;
}

function nodeAt(cluster: Cluster, address: string): Redis {
  const node = cluster.nodes().find(({ options }) => `${options.host}:${options.port}` === address);
  if (!node) throw new StoreUnavailableError(`A node must be at ${address}, but none is known.`);
  return node;
}
