-- Writes an entry if the lease it was loaded under still holds, gives the lease up and wakes the waiters, who get what
-- was written with the push, unless it is large.
-- KEYS     1 V(k)
-- ARGV     1 token   2 body without birth   3 life (ms)   4 channel of the waiters   5 largest push   6 age (10 bytes)
-- returns  birth (ms), or 0 when the lease is lost
local head = redis.call('GETRANGE', KEYS[1], 0, 24)
if #head < 25 or string.byte(head) ~= 0x11 or string.sub(head, 2, 9) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if struct.unpack('>I6', head, 10) <= now then return 0 end
local record = '\16' .. ARGV[1] .. string.rep('\0', 6) .. ARGV[6] .. struct.pack('>I6', now) .. ARGV[2]
redis.call('SET', KEYS[1], record, 'PX', ARGV[3])
redis.pcall('PUBLISH', ARGV[4], #record <= tonumber(ARGV[5]) and record or '')
return now
