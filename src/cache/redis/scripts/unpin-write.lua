-- Takes a write's pin away, or an older one's, and leaves a newer one's. The sequence stays for a while: its put may
-- have been overtaken, and is not to pin it any more.
-- KEYS     1 W(k)
-- ARGV     1 sequence (16 digits)   2 how long it stays (ms)
-- returns  1 for its own, -1 for a newer one's, 0 for an older one's or none
local found = redis.call('GETRANGE', KEYS[1], 0, 15)
local isPinned = redis.call('STRLEN', KEYS[1]) > 16
if found > ARGV[1] then return isPinned and -1 or 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if isPinned and found == ARGV[1] then return 1 end
return 0
