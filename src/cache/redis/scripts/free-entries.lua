-- Frees those of some entries that were loaded under an evicted version of a tag, and the pass markers before them, if
-- any. Spares leases, and entries of newer versions.
-- KEYS     V(k) of each; of one slot where there are slots
-- ARGV     1 nonce of the evicted version
-- returns  how many were freed
local freed = 0
for _, key in ipairs(KEYS) do
  local start = redis.call('GETRANGE', key, 0, 34)
  if #start == 35 and string.byte(start) ~= 0x11 then
    local tags = redis.call('GETRANGE', key, 35, 34 + struct.unpack('>I4', start, 32))
    if string.find(tags, ARGV[1], 1, true) then freed = freed + redis.call('UNLINK', key) end
  end
end
return freed
