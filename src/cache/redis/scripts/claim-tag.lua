-- The version of a tag, made where there is none, and kept for as long as a fill under it may take.
-- KEYS     1 T(t)
-- ARGV     1 version to propose   2 life (ms)
-- returns  the version that holds, without the entry that may stand in it
local version = redis.pcall('GET', KEYS[1])
-- None, or something of another type or format than ours, which a reader takes for none.
local own = type(version) == 'string' and string.match(version, '^[^|]*') or ''
if not string.find(own, '^........c') and not string.find(own, '^........[pe]%x%x%x%x%x%x%x%x:%d+$') then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return ARGV[1]
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) / 2 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return own
