import type { Redis } from "ioredis";

/** What a server holds. */
export interface Usage {
  readonly keys: number;
  /** `used_memory` without the buffers of its clients, which come and go with the traffic. */
  readonly bytes: number;
}

export async function usage(redis: Redis): Promise<Usage> {
  const info = await redis.info("memory");
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1]);
  return {
    keys: await redis.dbsize(),
    bytes: field("used_memory") - field("mem_clients_normal"),
  };
}

const LOOK_EVERY_MS = 250;

/** Waits until the usage is as wanted, since expiry and shrinking tables take the server a while; the last one seen. */
export async function usageOnce(
  redis: Redis,
  isWanted: (usage: Usage) => boolean,
  limitMs: number,
): Promise<Usage> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = await usage(redis);
    if (isWanted(seen) || performance.now() >= deadline) return seen;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Waits until the usage no longer moves. */
export async function settledUsage(redis: Redis): Promise<Usage> {
  let last: Usage | undefined;
  let stillFor = 0;
  return usageOnce(
    redis,
    (seen) => {
      const isStill = last && Math.abs(seen.bytes - last.bytes) < 4096 && seen.keys === last.keys;
      stillFor = isStill ? stillFor + 1 : 0;
      last = seen;
      return stillFor >= 6;
    },
    20_000,
  );
}
