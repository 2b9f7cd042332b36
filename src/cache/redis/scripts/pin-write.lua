-- Pins a pending write to its key, unless a newer one is.
-- KEYS     1 W(k)
-- ARGV     1 sequence (16 digits)   2 the rest of the pin   3 life (ms)
-- returns  1, or 0 when a newer one is pinned
if redis.call('GETRANGE', KEYS[1], 0, 15) > ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1
