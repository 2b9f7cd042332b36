/**
 * What the scripts on hashes share: their indexes, each a sorted set of the ids of the hashes that have one value of
 * one field. Its key is made of what the hash holds, so it cannot be among KEYS; it shares the hash's slot by the tag
 * in both names.
 *
 * An index may name a hash that has expired, which changes nothing by itself: whoever reads by it, or would be refused
 * because of it, looks at the hash. Each write looks at two more, so that an index is not much longer than what lives.
 *
 * ARGV[1] ttl in ms that the hash is given, or ""
 * ARGV[3] how many indexes   ARGV[4] what the keys begin with   ARGV[5] the hash's id   then field, index or unique, …
 * Leaves `at` at the argument behind them.
 */
export const hashIndexing = `
local at = 3
local function take()
  at = at + 1
  return ARGV[at - 1]
end

local indexes = {}
local indexCount, base, id = tonumber(take()), take(), take()
for i = 1, indexCount do indexes[i] = {field = take(), isUnique = take() == "unique"} end

local function indexKey(field, text) return base .. "#" .. field .. ":" .. redis.sha1hex(text) end

local function has(other, field, text)
  return redis.call("HGET", base .. ":" .. other, field) == text
end

local function indexedFields()
  local found = {}
  for _, one in ipairs(indexes) do found[one.field] = redis.call("HGET", KEYS[1], one.field) or nil end
  return found
end

local function notUnique(fields)
  for _, one in ipairs(indexes) do
    local text = fields[one.field]
    if one.isUnique and text then
      for _, other in ipairs(redis.call("ZRANGE", indexKey(one.field, text), 0, -1)) do
        if other ~= id and has(other, one.field, text) then return one.field end
      end
    end
  end
end

local function enter(key, field, text)
  local left = redis.call("PTTL", key)
  redis.call("ZADD", key, 0, id)
  if ARGV[1] == "" then
    -- A change that gives the hash no new life leaves the index's alone; hashes that live for ever have none.
    if left == -2 then
      local own = redis.call("PTTL", KEYS[1])
      if own > 0 then redis.call("PEXPIRE", key, own) end
    elseif left >= 0 then
      local own = redis.call("PTTL", KEYS[1])
      if own == -1 then redis.call("PERSIST", key) elseif own > left then redis.call("PEXPIRE", key, own) end
    end
  elseif left == -2 or (left >= 0 and left < tonumber(ARGV[1])) then
    redis.call("PEXPIRE", key, ARGV[1])
  end
  for _, other in ipairs(redis.call("ZRANDMEMBER", key, 2)) do
    if not has(other, field, text) then redis.call("ZREM", key, other) end
  end
end

local function index(before, after)
  for _, one in ipairs(indexes) do
    local field = one.field
    if before[field] and before[field] ~= after[field] then
      redis.call("ZREM", indexKey(field, before[field]), id)
    end
    if after[field] then enter(indexKey(field, after[field]), field, after[field]) end
  end
end
`;
