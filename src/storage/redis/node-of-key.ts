import type { Cluster } from "ioredis";
import { keySlot } from "../../key-slot.js";
import type { RedisClient } from "./redis-client.js";

/** The address of the master of a cluster that has a key; "" for a single server, and where no master has it. */
export function nodeOfKey(client: RedisClient, key: string): string {
  if (!client.isCluster) return "";
  const { slots, options } = client as Cluster;
  return slots[keySlot(`${options.keyPrefix ?? ""}${key}`)]?.[0] ?? "";
}
