-- Gives a version a position in the log's present epoch, unless it has one: its maker could not tell where the log
-- stood. Any position of the log that was read after the version existed is right.
-- KEYS     1 T(t)
-- ARGV     1 nonce   2 position, as <epoch>:<n>
-- returns  1, or 0 when there was nothing to do
local version = redis.call('GET', KEYS[1])
if not version or string.sub(version, 1, 8) ~= ARGV[1] then return 0 end
if string.sub(version, 10, 17) == string.sub(ARGV[2], 1, 8) then return 0 end
-- The entry that stands in it, if any, stays.
local entry = string.match(version, '|.*$') or ''
redis.call('SET', KEYS[1], ARGV[1] .. 'p' .. ARGV[2] .. entry, 'KEEPTTL')
return 1
