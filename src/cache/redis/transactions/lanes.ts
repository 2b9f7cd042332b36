import type { Cluster, Redis } from "ioredis";
import { keySlot } from "../../../key-slot.js";
import { StoreUnavailableError } from "../../errors.js";
import type { RedisClient } from "../client.js";
import { createLane, type Lane } from "./lane.js";

/** The lanes to the server, or to each master of a cluster. */
export interface Lanes {
  /**
   * The lane that transactions of this key take. It is always the same of a server's, so those of one process are
   * never in each other's way.
   *
   * @param address of a cluster's node, as a redirection tells it. Default: the master of the key's slot
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
    const lanes = Array.from({ length: LANES }, () => createLane(() => begin(server())));
    servers.set(address, lanes);
    return lanes;
  }

  function close(lanes: readonly Lane[] = []): void {
    for (const lane of lanes) lane.close();
  }

  const dropNode = (_: Redis, address: string) => {
    close(servers.get(address));
    servers.delete(address);
  };
  client.on("-node", dropNode);

  return {
    of(key, address) {
      const slot = keySlot(key);
      const at = client.isCluster ? addressFor(client as Cluster, slot, address) : "";
      const server = () => (client.isCluster ? nodeAt(client as Cluster, at) : (client as Redis));
      return lanesOf(at, server)[slot % LANES] as Lane;
    },
    close() {
      client.off("-node", dropNode);
      for (const lanes of servers.values()) close(lanes);
      servers.clear();
    },
  };
}

function begin(server: Redis): { connection: Redis; ready: Promise<void> } {
  const connection = server.duplicate(OWN_OPTIONS);
  // Failures show in the commands that meet them.
  connection.on("error", () => {});
  const ready = connection.connect().then(() => refuseOther(server, connection));
  return { connection, ready };
}

/** During a failover, a new connection may lead to another server than the one that is read. */
async function refuseOther(server: Redis, connection: Redis): Promise<void> {
  const [expected, found] = await Promise.all([server, connection].map(runIdOf));
  if (expected === found) return;
  throw new StoreUnavailableError(
    `A transaction must run on the server that is read (run_id ${expected}), but came to another (${found}).`,
  );
}

/** Who may not ask gets the same from all servers. */
async function runIdOf(server: Redis): Promise<string> {
  const info = await server.info("server").catch((error: Error) => {
    if (error.message.startsWith("NOPERM")) return "";
    throw error;
  });
  return /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
}

function addressFor(cluster: Cluster, slot: number, told: string | undefined): string {
  if (told === undefined) return masterOf(cluster, slot);
  const { natMap } = cluster.options;
  const mapped = typeof natMap === "function" ? natMap(told) : natMap?.[told];
  return mapped ? `${mapped.host}:${mapped.port}` : told;
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
