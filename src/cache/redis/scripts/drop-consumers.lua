-- Takes consumers out of the group of an empty stream. Of one that is not empty they may have something in hand, which
-- would go with them.
-- KEYS     1 stream
-- ARGV     1 name of the group   2… consumers
-- returns  1, or 0 when the stream is not empty, or not there
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('XLEN', KEYS[1]) > 0 then return 0 end
for i = 2, #ARGV do redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[i]) end
return 1
