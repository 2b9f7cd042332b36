-- The next fencing token: greater than every one before, also after the counter was lost, since it never falls
-- behind the clock.
-- KEYS     1 counter of fencing tokens
-- ARGV     1 life (ms)
-- returns  the token, as a decimal text
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local fence = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
redis.call('SET', KEYS[1], fence, 'PX', ARGV[1])
return fence
