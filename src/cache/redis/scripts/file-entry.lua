-- Files a committed entry under a tag, if the tag still has the version that the entry was loaded under.
-- KEYS     1 T(t)   2 I(t, nonce)
-- ARGV     1 nonce   2 key of the entry   3 life of the entry (ms)
-- returns  1, or 0 when the tag has moved and the entry is worthless
local version = redis.call('GET', KEYS[1])
if not version or string.sub(version, 1, 8) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lifeMs = tonumber(ARGV[3])
redis.call('ZADD', KEYS[2], now + lifeMs, ARGV[2])
-- A few of those that expired, each time: the index shrinks as its entries go, and no call is long.
local expired = redis.call('ZRANGE', KEYS[2], '-inf', now, 'BYSCORE', 'LIMIT', 0, 10)
if #expired > 0 then redis.call('ZREM', KEYS[2], unpack(expired)) end
-- Tag and index outlive the entry; a little longer, so that not every entry renews them.
for i = 1, 2 do
  if redis.call('PTTL', KEYS[i]) < lifeMs then
    redis.call('PEXPIRE', KEYS[i], math.ceil(lifeMs * 1.25))
  end
end
return 1
