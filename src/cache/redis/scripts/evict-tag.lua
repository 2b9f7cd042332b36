-- Gives a tag a new version, which makes every entry under the old one invalid, and marks the old index to be freed.
-- KEYS     1 T(t)   2 what the names of the tag's indexes begin with   3 list of indexes to be freed (all one slot)
-- ARGV     1 nonce of the new version   2 its life (ms)   3 channel of evictions   4 the tag   5 position, or L's name
-- returns  {number of members, name of the old index, position}
-- Where the log stands on this server, it is advanced here: positions and what is told of them come in one order.
local position = ARGV[5]
if not string.find(position, '^%x+:%d+$') then
  local log = redis.call('GET', ARGV[5])
  local epoch, n, rest = string.match(log or '', '^(%x+):(%d+)(@.*)$')
  if not epoch then return redis.error_reply('ERR the eviction log was lost in the middle of an eviction') end
  position = epoch .. ':' .. string.format('%.0f', n + 1)
  redis.call('SET', ARGV[5], position .. rest, 'KEEPTTL')
end
local old = redis.pcall('GET', KEYS[1])
-- Of another type than ours, and replaced.
if type(old) ~= 'string' then old = false end
local oldLifeMs = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1] .. 'e' .. position, 'PX', ARGV[2])
local members, index = 0, ''
if old then
  index = KEYS[2] .. string.sub(old, 1, 8)
  local only = string.match(old, '|(.+)$')
  if only then
    redis.call('SADD', index, only)
    if redis.call('PTTL', index) < oldLifeMs then redis.call('PEXPIRE', index, oldLifeMs) end
  end
  members = redis.call('SCARD', index)
  if members > 0 then
    redis.call('RPUSH', KEYS[3], index)
    local lifeMs = redis.call('PTTL', index)
    if redis.call('PTTL', KEYS[3]) < lifeMs then redis.call('PEXPIRE', KEYS[3], lifeMs) end
  end
end
redis.pcall('PUBLISH', ARGV[3], (position == ARGV[5] and '' or position) .. ' ' .. ARGV[4])
return { members, index, position }
