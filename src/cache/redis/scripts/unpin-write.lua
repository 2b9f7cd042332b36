-- Takes a write's pin away, or an older one's, and leaves a newer one's.
-- KEYS     1 W(k)
-- ARGV     1 sequence (16 digits)
-- returns  1 for its own, -1 for a newer one's, 0 for an older one's or none
local pinned = redis.call('GETRANGE', KEYS[1], 0, 15)
if pinned > ARGV[1] then return -1 end
redis.call('UNLINK', KEYS[1])
if pinned == ARGV[1] then return 1 end
return 0
