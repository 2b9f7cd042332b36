import type { CounterDriver } from "../driver.js";
import type { Keyspace } from "./keyspace.js";
import { script } from "./script.js";

/**
 * KEYS[1] the counter   ARGV[1] by   ARGV[2] ttl in ms, from its first increment
 * Returns {value, remaining ms}.
 */
const incrementCounter = script(`
local value = redis.call("INCRBY", KEYS[1], ARGV[1])
redis.call("PEXPIRE", KEYS[1], ARGV[2], "NX")
return {value, redis.call("PTTL", KEYS[1])}
`);

/** KEYS[1] the counter   Returns {value, remaining ms}. */
const readCounter = script(`
return {tonumber(redis.call("GET", KEYS[1]) or 0), math.max(0, redis.call("PTTL", KEYS[1]))}
`);

export function createRedisCounters({ client, send, run }: Keyspace): CounterDriver {
  return {
    increment: async (id, by, ttlMs) =>
      (await run(incrementCounter, id, [by, ttlMs])) as [number, number],
    read: async (id) => (await run(readCounter, id, [])) as [number, number],
    delete: async (id) => (await send(id, (key) => client.del(key))) === 1,
  };
}
