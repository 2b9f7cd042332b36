-- Appends a write to a queue that has room for it. Its place is the time in microseconds, and always past the last one.
-- KEYS     1 stream of the queue
-- ARGV     1 room for writes in it   2 name of the group   3 when its caller has given up (ms)   4… field and value, each
-- returns  the place, as a decimal text, or "" when there is no room, or "late"
local queue = KEYS[1]
local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[3]) then return 'late' end
if redis.call('XLEN', queue) >= tonumber(ARGV[1]) then return '' end
if redis.call('EXISTS', queue) == 0 then
  redis.call('XGROUP', 'CREATE', queue, ARGV[2], '0', 'MKSTREAM')
end
local place = string.format('%.0f', time[1] * 1000000 + time[2])
local added = redis.pcall('XADD', queue, place .. '-0', unpack(ARGV, 4))
if type(added) == 'table' and added.err then
  -- The last was of this microsecond, or of a clock that was ahead.
  local info = redis.call('XINFO', 'STREAM', queue)
  for at = 1, #info, 2 do
    if info[at] == 'last-generated-id' then
      place = string.format('%.0f', tonumber(string.match(info[at + 1], '^%d+')) + 1)
    end
  end
  redis.call('XADD', queue, place .. '-0', unpack(ARGV, 4))
end
redis.call('PERSIST', queue)
return place
