import type { SetDriver } from "../driver.js";
import type { Keyspace } from "./keyspace.js";
import { script } from "./script.js";

/**
 * Adds members to a set, which is a sorted set of equal scores: Redis orders those by their bytes.
 * KEYS[1] the set
 * ARGV[1] "1": only where it exists   ARGV[2] ttl in ms or ""   ARGV[3] "1": renew a life that has begun   then members
 * Returns how many were new, or nil where ARGV[1] held it back.
 */
const addToSet = script(`
if ARGV[1] == "1" and redis.call("EXISTS", KEYS[1]) == 0 then return nil end
local added = 0
for i = 4, #ARGV do added = added + redis.call("ZADD", KEYS[1], "NX", 0, ARGV[i]) end
if ARGV[2] ~= "" then
  if ARGV[3] == "1" then
    redis.call("PEXPIRE", KEYS[1], ARGV[2])
  else
    redis.call("PEXPIRE", KEYS[1], ARGV[2], "NX")
  end
end
return added
`);

export function createRedisSets({ client, send, run }: Keyspace): SetDriver {
  return {
    async add(id, members, { onlyIfExists, ttlMs, renew }) {
      const how = [onlyIfExists ? "1" : "", ttlMs ?? "", renew ? "1" : ""];
      const reply = await run(addToSet, id, [...how, ...members]);
      return typeof reply === "number" ? reply : undefined;
    },
    remove: (id, members) => send(id, (key) => client.zrem(key, ...members)),
    async has(id, members) {
      const reply = await send(id, (key) => client.zmscore(key, ...members));
      return reply.map((score) => score !== null);
    },
    size: (id) => send(id, (key) => client.zcard(key)),
    page: (id, after, count) =>
      send(id, (key) =>
        client.zrangebylex(key, after === undefined ? "-" : `(${after}`, "+", "LIMIT", 0, count),
      ),
    delete: async (id) => (await send(id, (key) => client.del(key))) === 1,
  };
}
