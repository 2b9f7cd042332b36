-- Takes the lease of a key, over what its caller saw there and judged worthless. The body, if any, stays.
-- KEYS     1 V(k)   2 W(k), where a pending write is asked for
-- ARGV     1 token   2 lease (ms)   3 the log's head (10 bytes)   4 token seen, "" for none, "*" for any   5 1: over a held one
-- returns  1, or W(k) where a write is pending, or 0 when somebody else moved first
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local head = redis.call('GETRANGE', KEYS[1], 0, 24)
local state = string.byte(head) or 0
-- Bytes of another format are nobody's: a reader takes them for absent, and so must this.
if #head < 25 or state < 0x10 or state > 0x12 then head = '' end
if #head == 25 and ARGV[4] ~= '*' then
  local isHeld = state ~= 0x10 and struct.unpack('>I6', head, 10) > now
  if string.sub(head, 2, 9) == ARGV[4] then
    -- Its caller saw a lease that ran out by the caller's clock, or one that is doomed.
    if isHeld and ARGV[5] ~= '1' then return 0 end
  elseif isHeld or state == 0x10 then
    return 0
  end
end
local leaseMs = tonumber(ARGV[2])
local leased = '\17' .. ARGV[1] .. struct.pack('>I6', now + leaseMs) .. ARGV[3]
if #head == 25 then
  redis.call('SETRANGE', KEYS[1], 0, leased)
  if redis.call('PTTL', KEYS[1]) < leaseMs then redis.call('PEXPIRE', KEYS[1], leaseMs) end
else
  redis.call('SET', KEYS[1], leased, 'PX', leaseMs)
end
local pin = KEYS[2] and redis.call('GET', KEYS[2])
-- A sequence alone is what a pin leaves behind.
return pin and #pin > 16 and pin or 1
