-- Frees an entry that was loaded under an evicted version of a tag, and the pass marker before it, if any. Spares
-- leases, and entries of newer versions.
-- KEYS     1 V(k)
-- ARGV     1 nonce of the evicted version
-- returns  1, or 0 when there was nothing to free
local start = redis.call('GETRANGE', KEYS[1], 0, 34)
if #start < 35 or string.byte(start) == 0x11 then return 0 end
local tags = redis.call('GETRANGE', KEYS[1], 35, 34 + struct.unpack('>I4', start, 32))
if not string.find(tags, ARGV[1], 1, true) then return 0 end
return redis.call('UNLINK', KEYS[1])
