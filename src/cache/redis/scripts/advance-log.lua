-- Advances the eviction log by one; a lost log begins anew, in an epoch that compares with none before.
-- KEYS     1 L
-- ARGV     1 epoch of a new log (8 hex digits)   2 life (ms)
-- returns  the new position, as <epoch>:<n>
local epoch, n = string.match(redis.call('GET', KEYS[1]) or '', '^(%x+):(%d+)$')
local position = (epoch or ARGV[1]) .. ':' .. string.format('%.0f', (n or 0) + 1)
redis.call('SET', KEYS[1], position, 'PX', ARGV[2])
return position
