-- Files a committed entry under a tag, if the tag still has the version that the entry was loaded under. A tag's only
-- entry stands in T(t) itself, so that a tag of one entry needs no second key; from the second on all are in a set.
-- KEYS     1 T(t)   2 I(t, nonce)
-- ARGV     1 nonce   2 key of the entry   3 its life (ms)   4 longest key in T(t)   5 smallest sampled set   6 sample
-- returns  0 when the tag has moved and the entry is worthless, else a sample of the set, to be looked after
local version = redis.call('GET', KEYS[1])
if not version or string.sub(version, 1, 8) ~= ARGV[1] then return 0 end
local head, only = string.match(version, '^([^|]*)|?(.*)$')
local hasSet = redis.call('EXISTS', KEYS[2]) == 1
if only == '' and not hasSet and #ARGV[2] <= tonumber(ARGV[4]) then
  redis.call('SET', KEYS[1], head .. '|' .. ARGV[2], 'KEEPTTL')
elseif only ~= ARGV[2] then
  if only ~= '' then
    redis.call('SADD', KEYS[2], only)
    redis.call('SET', KEYS[1], head, 'KEEPTTL')
  end
  redis.call('SADD', KEYS[2], ARGV[2])
  hasSet = true
end
-- The tag outlives its entries, and the set the tag; a little longer, so that not every entry renews them.
local lifeMs = tonumber(ARGV[3])
if redis.call('PTTL', KEYS[1]) < lifeMs then redis.call('PEXPIRE', KEYS[1], math.ceil(lifeMs * 1.25)) end
if not hasSet then return {} end
local tagLifeMs = redis.call('PTTL', KEYS[1])
if redis.call('PTTL', KEYS[2]) < tagLifeMs then redis.call('PEXPIRE', KEYS[2], tagLifeMs) end
if redis.call('SCARD', KEYS[2]) < tonumber(ARGV[5]) then return {} end
return redis.call('SRANDMEMBER', KEYS[2], ARGV[6])
