import type { Cluster } from "ioredis";
import type { RedisClient } from "./redis-client.js";

/** What each byte makes of a CRC16 (XMODEM). */
const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The address of the master of a cluster that has a key; "" for a single server, and where no master has it. */
export function nodeOfKey(client: RedisClient, key: string): string {
  if (!client.isCluster) return "";
  const { slots, options } = client as Cluster;
  return slots[slotOf(`${options.keyPrefix ?? ""}${key}`)]?.[0] ?? "";
}

/** Of the hash tag, what stands between the first { and the next }, or of all where that is nothing. */
function slotOf(key: string): number {
  const [, tag] = /^[^{]*\{([^}]+)\}/.exec(key) ?? [];
  let crc = 0;
  for (const byte of Buffer.from(tag ?? key)) {
    crc = ((crc << 8) ^ (table[(crc >> 8) ^ byte] ?? 0)) & 0xffff;
  }
  return crc % 16_384;
}
