-- Deletes a key, which voids its lease as well, and wakes the waiters.
-- KEYS     1 V(k)
-- ARGV     1 channel of the waiters
-- returns  1, or 0 when there was no such key
local existed = redis.call('UNLINK', KEYS[1])
redis.pcall('PUBLISH', ARGV[1], '')
return existed
