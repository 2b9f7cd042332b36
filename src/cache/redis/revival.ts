import type { Cluster, Redis } from "ioredis";
import type { RedisClient } from "./client.js";
import type { Connection } from "./connection.js";

/** Gives up connections that lead nowhere. */
export interface Revival {
  /** A trial was not answered. */
  fail(): void;
  /** One was. */
  succeed(): void;
}

/** So long without an answer a connection counts as dead; then it is tried with a new one, and again after as long. */
const DEAD_AFTER_MS = 1000;

/**
 * A server that loses its power, or an address that leads to another, says no goodbye: the connection stays open for a
 * quarter of an hour, while a new one would be answered.
 */
export function createRevival(connection: Pick<Connection, "masters">): Revival {
  let failingSince: number | undefined;

  return {
    fail() {
      const now = performance.now();
      failingSince ??= now;
      if (now - failingSince < DEAD_AFTER_MS) return;
      failingSince = now;
      for (const server of connection.masters()) dropSocket(server);
    },
    succeed() {
      failingSince = undefined;
    },
  };
}

/** The client connects anew. A polite end would wait for the other side's. */
export function dropSocket(client: Redis): void {
  const isConnected = client.status === "connect" || client.status === "ready";
  if (isConnected) client.stream?.destroy();
}

/** The same for all that a client has open. That of a cluster asks anew which nodes there are. */
export function connectAnew(client: RedisClient): void {
  if (client.isCluster) {
    for (const server of (client as Cluster).nodes()) dropSocket(server);
    (client as Cluster).disconnect(true);
  } else {
    dropSocket(client as Redis);
  }
}
