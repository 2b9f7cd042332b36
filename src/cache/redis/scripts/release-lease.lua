-- Gives up a lease if it is still this one, leaves a pass marker where wanted, and wakes the waiters. The body stays.
-- KEYS     1 V(k)
-- ARGV     1 token   2 life of the pass marker (ms), 0 for none   3 channel of the waiters
-- returns  1, or 0 when the lease was lost
local head = redis.call('GETRANGE', KEYS[1], 0, 24)
if #head < 25 or string.byte(head) ~= 0x11 or string.sub(head, 2, 9) ~= ARGV[1] then return 0 end
-- A server that is full takes no more, but a lease that nobody holds must not keep others waiting.
local function write(newHead)
  if type(redis.pcall('SETRANGE', KEYS[1], 0, newHead)) ~= 'number' then redis.call('DEL', KEYS[1]) end
end
local passMs = tonumber(ARGV[2])
local hasBody = redis.call('STRLEN', KEYS[1]) > 25
if passMs > 0 then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  write('\18' .. ARGV[1] .. struct.pack('>I6', now + passMs))
  if not hasBody or redis.call('PTTL', KEYS[1]) < passMs then redis.call('PEXPIRE', KEYS[1], passMs) end
elseif hasBody then
  write('\16')
else
  redis.call('DEL', KEYS[1])
end
redis.pcall('PUBLISH', ARGV[3], '')
return 1
