-- Takes a write's pin away, or an older one's, and leaves a newer one's. The sequence stays for a while: its put may
-- have been overtaken, and is not to pin it any more. Of a pin that was left behind, which its own alone may take away,
-- nothing stays.
-- KEYS     1 W(k)
-- ARGV     1 sequence (16 digits)   2 how long it stays (ms); 0: the pin was left behind
-- returns  1 for its own, -1 for a newer one's, 2 where it, or a newer one, was unpinned before, 0 for an older one's or
--          none
local found = redis.call('GETRANGE', KEYS[1], 0, 15)
local isPinned = redis.call('STRLEN', KEYS[1]) > 16
if found > ARGV[1] then return isPinned and -1 or 2 end
local isItsOwn = found == ARGV[1]
if tonumber(ARGV[2]) > 0 then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
elseif isItsOwn and isPinned then
  redis.call('DEL', KEYS[1])
end
if not isItsOwn then return 0 end
return isPinned and 1 or 2
