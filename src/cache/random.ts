import { randomFillSync } from "node:crypto";

const pool = Buffer.alloc(6 * 512);
let used = pool.length;

/** Six random bytes as a latin1 string: 48 bits, enough to tell the leases of a key or the generations of a tag apart. */
export function randomId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 6;
  return pool.toString("latin1", used - 6, used);
}

/** A random, non-zero epoch for a new eviction log. */
export function randomEpoch(): number {
  const id = Buffer.from(randomId(), "latin1");
  return id.readUInt32BE(0) || 1;
}
