import type { Redis } from "ioredis";

/** Lets time pass for all keys of a server, by shortening every life: no test waits for an expiry. */
export async function advanceRedis(redis: Redis, seconds: number): Promise<void> {
  for await (const keys of redis.scanStream({ count: 1_000 })) {
    for (const key of keys as string[]) {
      const remainingMs = await redis.pttl(key);
      // -1 is a key that lives for ever; an expiry that is not in the future deletes.
      if (remainingMs >= 0) await redis.pexpire(key, Math.floor(remainingMs - seconds * 1_000));
    }
  }
}
