import { randomFillSync } from "node:crypto";

/** Six bytes become eight characters of base64url. */
const BYTES = 6;
const pool = Buffer.alloc(BYTES * 512);
let used = pool.length;

/** Eight random ASCII characters, 48 bits: enough to tell the leases of one key or the generations of one tag apart. */
export function randomId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += BYTES;
  return pool.toString("base64url", used - BYTES, used);
}

/** A random, non-zero epoch for a new eviction log: an unsigned number of 32 bits. */
export function randomEpoch(): number {
  return Buffer.from(randomId(), "base64url").readUInt32BE(0) || 1;
}
