-- Renews a lease that still holds. One that ran out is lost, even if nobody has taken it since.
-- KEYS     1 V(k)
-- ARGV     1 token   2 lease (ms)
-- returns  1, or 0 when the lease is lost
local head = redis.call('GETRANGE', KEYS[1], 0, 24)
if #head < 25 or string.byte(head) ~= 0x11 or string.sub(head, 2, 9) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if struct.unpack('>I6', head, 10) <= now then return 0 end
local leaseMs = tonumber(ARGV[2])
redis.call('SETRANGE', KEYS[1], 9, struct.pack('>I6', now + leaseMs))
if redis.call('PTTL', KEYS[1]) < leaseMs then redis.call('PEXPIRE', KEYS[1], leaseMs) end
return 1
