-- Gives a tag a new version, which makes every entry under the old one invalid, and marks the old index to be freed.
-- KEYS     1 T(t)   2 what the names of the tag's indexes begin with   3 list of indexes to be freed (all one slot)
-- ARGV     1 new version   2 its life (ms)   3 channel of evictions   4 message
-- returns  {number of members, name of the old index}
local old = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local members, index = 0, ''
if old then
  index = KEYS[2] .. string.sub(old, 1, 8)
  members = redis.call('ZCARD', index)
  if members > 0 then
    redis.call('RPUSH', KEYS[3], index)
    local life = redis.call('PTTL', index)
    if redis.call('PTTL', KEYS[3]) < life then redis.call('PEXPIRE', KEYS[3], life) end
  end
end
redis.pcall('PUBLISH', ARGV[3], ARGV[4])
return { members, index }
