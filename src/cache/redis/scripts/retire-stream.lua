-- Gives an empty stream an end, which the next write takes away again.
-- KEYS     1 stream
-- ARGV     1 life (ms)
-- returns  1, or 0 when it is not empty, or not there
if redis.call('XLEN', KEYS[1]) > 0 then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
