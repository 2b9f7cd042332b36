-- Writes an entry if the lease it was loaded under still holds, gives the lease up and wakes the waiters.
-- KEYS     1 V(k)
-- ARGV     1 token   2 body without birth   3 life (ms)   4 channel of the waiters
-- returns  birth (ms), or 0 when the lease is lost
local head = redis.call('GETRANGE', KEYS[1], 0, 24)
if #head < 25 or string.byte(head) ~= 0x11 or string.sub(head, 2, 9) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if struct.unpack('>I6', head, 10) <= now then return 0 end
local rest = '\16' .. ARGV[1] .. string.rep('\0', 16)
redis.call('SET', KEYS[1], rest .. struct.pack('>I6', now) .. ARGV[2], 'PX', ARGV[3])
redis.pcall('PUBLISH', ARGV[4], '')
return now
