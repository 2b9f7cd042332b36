-- Moves a pending write of a queue to those that were given up.
-- KEYS     1 stream of the queue   2 stream of its buried writes (one slot)
-- ARGV     1 name of the group   2 id in the queue   3… field and value, each
-- returns  1, or 0 when it was settled meanwhile
if redis.call('XDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3))
redis.call('PERSIST', KEYS[2])
return 1
