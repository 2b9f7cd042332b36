import type { Redis } from "ioredis";

/** How long the server spent on single commands. */
export interface CommandTimes {
  /** The dearest kind of command, on average. */
  readonly meanMs: number;
  /** The slowest single command in SLOWLOG; 0 when none took long enough to be noted. */
  readonly slowestMs: number;
}

/** The server notes commands that took longer. */
export const NOTED_MS = 0.2;

const NOTES = 10_000;
/** What only the measurement itself sends. */
const OURS = /^(slowlog|info|config|dbsize|flush)/i;

type SlowlogEntry = [id: number, at: number, microseconds: number, words: string[]];

export async function noteCommandTimes(redis: Redis): Promise<void> {
  await redis.config("SET", "slowlog-log-slower-than", NOTED_MS * 1000);
  await redis.config("SET", "slowlog-max-len", NOTES);
  // Its histograms would count as memory in use.
  await redis.config("SET", "latency-tracking", "no");
}

export async function resetCommandTimes(redis: Redis): Promise<void> {
  await redis.slowlog("RESET");
  await redis.config("RESETSTAT");
}

/** Since the last reset. */
export async function commandTimes(redis: Redis): Promise<CommandTimes> {
  const notes = (await redis.slowlog("GET", NOTES)) as SlowlogEntry[];
  const slow = notes.filter(([, , , [name]]) => !OURS.test(name ?? ""));
  const stats = await redis.info("commandstats");
  const means = [...stats.matchAll(/^cmdstat_(\S+?):.*usec_per_call=([\d.]+)/gm)]
    .filter(([, name]) => !OURS.test(name ?? ""))
    .map(([, , microseconds]) => Number(microseconds));
  return {
    meanMs: Math.max(0, ...means) / 1000,
    slowestMs: Math.max(0, ...slow.map(([, , microseconds]) => microseconds)) / 1000,
  };
}

const PLAIN_SCRIPT = "return redis.call('GETRANGE', KEYS[1], 0, 31)";

/**
 * What the machine makes of scripts that do next to nothing, one after another for `forMs`: while the system sets the
 * server aside, whatever it was doing looks slow.
 */
export async function plainCommandTimes(
  redis: Redis,
  key: string,
  forMs: number,
): Promise<CommandTimes> {
  await resetCommandTimes(redis);
  const endsAt = performance.now() + forMs;
  while (performance.now() < endsAt) {
    const pipeline = redis.pipeline();
    for (let command = 0; command < 100; command += 1) pipeline.eval(PLAIN_SCRIPT, 1, key);
    await pipeline.exec();
  }
  return commandTimes(redis);
}
