import { script } from "./script.js";

/**
 * Writes members of a sorted set.
 * KEYS[1] the set
 * ARGV[1] set, add, raise, increment or replace   ARGV[2] "1": only where it exists   ARGV[3] size to trim to, or ""
 * ARGV[4] ttl in ms or ""   ARGV[5] "1": renew a life that has begun   ARGV[6] greatestFirst or leastFirst
 * then member, score, …
 * Returns the members' scores before trimming, or nil where ARGV[2] held it back.
 */
export const writeSortedSet = script(`
local mode = ARGV[1]
local isReversed = ARGV[6] == "greatestFirst"
if ARGV[2] == "1" and redis.call("EXISTS", KEYS[1]) == 0 then return nil end
if mode == "replace" then redis.call("DEL", KEYS[1]) end

local scores = {}
for i = 7, #ARGV, 2 do
  local member, score = ARGV[i], ARGV[i + 1]
  if mode == "increment" then
    redis.call("ZINCRBY", KEYS[1], score, member)
  elseif mode == "add" then
    redis.call("ZADD", KEYS[1], "NX", score, member)
  elseif mode == "raise" then
    redis.call("ZADD", KEYS[1], isReversed and "GT" or "LT", score, member)
  else
    redis.call("ZADD", KEYS[1], score, member)
  end
  scores[#scores + 1] = redis.call("ZSCORE", KEYS[1], member)
end

if ARGV[3] ~= "" then
  if isReversed then
    redis.call("ZREMRANGEBYRANK", KEYS[1], 0, -(tonumber(ARGV[3]) + 1))
  else
    redis.call("ZREMRANGEBYRANK", KEYS[1], ARGV[3], -1)
  end
end
if ARGV[4] ~= "" then
  if ARGV[5] == "1" then
    redis.call("PEXPIRE", KEYS[1], ARGV[4])
  else
    redis.call("PEXPIRE", KEYS[1], ARGV[4], "NX")
  end
end
return scores
`);
