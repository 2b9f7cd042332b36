-- Pins a pending write to its key, unless a newer one is pinned, or was, or this very one was.
-- KEYS     1 W(k), which is the sequence alone where a pin was taken away
-- ARGV     1 sequence (16 digits)   2 the rest of the pin   3 life (ms)
-- returns  1, or 0 when it was not pinned
local found = redis.call('GETRANGE', KEYS[1], 0, 15)
if found > ARGV[1] then return 0 end
if found == ARGV[1] and redis.call('STRLEN', KEYS[1]) == 16 then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1
