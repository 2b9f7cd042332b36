-- Advances the eviction log. A lost log begins anew, in an epoch that compares with none before, and so does one that
-- another server wrote: a replica that was promoted may lack the last positions that were given out.
-- KEYS     1 L, as <epoch>:<n>@<mark of the server that wrote it>
-- ARGV     1 epoch of a new log (8 hex digits)   2 life (ms)   3 by how many: 0 only sees to it that there is a log
-- returns  the new position, as <epoch>:<n>
local info = redis.pcall('INFO', 'replication')
local server = type(info) == 'string' and string.match(info, 'master_replid:(%x%x%x%x%x%x%x%x)') or ''
local log = redis.pcall('GET', KEYS[1])
-- Of another type than ours, it is lost.
if type(log) ~= 'string' then log = '' end
local epoch, n, writer = string.match(log, '^(%x+):(%d+)@(%x*)$')
if writer ~= server then
  epoch, n = ARGV[1], 0
end
local position = epoch .. ':' .. string.format('%.0f', n + ARGV[3])
redis.call('SET', KEYS[1], position .. '@' .. server, 'PX', ARGV[2])
return position
