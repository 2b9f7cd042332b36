import { hashIndexing } from "./hash-indexing.js";
import { script } from "./script.js";

/**
 * Replaces a hash, or makes it.
 * KEYS[1] the hash
 * ARGV[1] ttl in ms or ""   ARGV[2] "1": only where there is none   ARGV[3]… its indexes   then field, text, …
 * Returns 1, 0 where ARGV[2] held it back, or the name of a field that another record has alike.
 */
export const writeHash = script(`
${hashIndexing}
local exists = redis.call("EXISTS", KEYS[1]) == 1
if exists and ARGV[2] == "1" then return 0 end
local before, after = indexedFields(), {}
for i = at, #ARGV, 2 do after[ARGV[i]] = ARGV[i + 1] end
local taken = notUnique(after)
if taken then return taken end

if exists then redis.call("DEL", KEYS[1]) end
for i = at, #ARGV, 2 do redis.call("HSET", KEYS[1], ARGV[i], ARGV[i + 1]) end
if ARGV[1] ~= "" then redis.call("PEXPIRE", KEYS[1], ARGV[1]) end
index(before, after)
return 1
`);

/**
 * KEYS[1] the hash   ARGV[1], ARGV[2] ""   ARGV[3]… its indexes
 * Returns 1, or 0 where there was none.
 */
export const deleteHash = script(`
${hashIndexing}
index(indexedFields(), {})
return redis.call("DEL", KEYS[1])
`);

/**
 * Reads the hashes that an index names. Those that have expired, or are not as it says, leave it.
 * KEYS[1] the index of one value
 * ARGV[1] what the hashes' keys begin with   ARGV[2] field   ARGV[3] its text
 * ARGV[4] "-" or "(" and the id to begin after   ARGV[5] how many
 * Returns {id, {field, text, …}, …}.
 */
export const findHashes = script(`
local found, from, wanted = {}, ARGV[4], tonumber(ARGV[5])
while #found < 2 * wanted do
  local ids = redis.call("ZRANGEBYLEX", KEYS[1], from, "+", "LIMIT", 0, wanted - #found / 2)
  if #ids == 0 then break end
  for _, id in ipairs(ids) do
    local key = ARGV[1] .. ":" .. id
    if redis.call("HGET", key, ARGV[2]) == ARGV[3] then
      found[#found + 1] = id
      found[#found + 1] = redis.call("HGETALL", key)
    else
      redis.call("ZREM", KEYS[1], id)
    end
  end
  from = "(" .. ids[#ids]
end
return found
`);

/**
 * Changes a hash that exists: an HSET on one that has just expired would bring half of it back, and for ever.
 * The steps run on a copy, so that nothing is written where one is refused.
 * KEYS[1] the hash
 * ARGV[1] ttl in ms to give it, or ""   ARGV[2] ""   ARGV[3]… its indexes   then steps:
 *   expect field text | expectNone field |
 *   set field text | remove field | clear prefix | add field by max | raise field to |
 *   count prefix member by max maxMembers
 * Returns {"absent"}, {"refused", reason, field} or {"changed", field, text, …} with all fields.
 */
export const changeHash = script(`
${hashIndexing}
local stored = redis.call("HGETALL", KEYS[1])
if #stored == 0 then return {"absent"} end
local fields, written, before = {}, {}, {}
for i = 1, #stored, 2 do
  fields[stored[i]] = stored[i + 1]
  before[stored[i]] = stored[i + 1]
end

local function put(field, text)
  fields[field] = text
  written[field] = true
end

local function add(field, by, max)
  local sum = tonumber(fields[field] or "0")
  if not sum or sum % 1 ~= 0 then return "notANumber" end
  sum = sum + by
  if (by > 0 and sum > max) or sum < -${Number.MAX_SAFE_INTEGER} then return "maxCount" end
  put(field, string.format("%.0f", sum))
end

local function startsWith(field, prefix) return string.sub(field, 1, #prefix) == prefix end

local function count(prefix, member, by, max, maxMembers)
  local field = prefix .. member
  local isNew = not fields[field]
  local refusal = add(field, by, max)
  if refusal then return refusal end
  if tonumber(fields[field]) <= 0 then
    put(field, nil)
  elseif isNew then
    local members = 0
    for one in pairs(fields) do
      if startsWith(one, prefix) then members = members + 1 end
    end
    if members > maxMembers then return "maxMembers" end
  end
end

while at <= #ARGV do
  local step, field = take(), take()
  local refusal
  if step == "expect" then
    if fields[field] ~= take() then refusal = "differs" end
  elseif step == "expectNone" then
    if fields[field] then refusal = "differs" end
  elseif step == "set" then
    put(field, take())
  elseif step == "remove" then
    put(field, nil)
  elseif step == "clear" then
    for one in pairs(fields) do
      if startsWith(one, field) then put(one, nil) end
    end
  elseif step == "raise" then
    local to = take()
    local stored = tonumber(fields[field] or "0")
    if not stored then
      refusal = "notANumber"
    elseif stored < tonumber(to) then
      put(field, to)
    end
  elseif step == "add" then
    refusal = add(field, tonumber(take()), tonumber(take()))
  else
    local member = take()
    refusal = count(field, member, tonumber(take()), tonumber(take()), tonumber(take()))
    field = field .. member
  end
  if refusal then return {"refused", refusal, field} end
end

local taken = notUnique(fields)
if taken then return {"refused", "notUnique", taken} end

for field in pairs(written) do
  if fields[field] then
    redis.call("HSET", KEYS[1], field, fields[field])
  else
    redis.call("HDEL", KEYS[1], field)
  end
end
if ARGV[1] ~= "" then redis.call("PEXPIRE", KEYS[1], ARGV[1]) end
index(before, fields)

local reply = {"changed"}
for field, text in pairs(fields) do
  reply[#reply + 1] = field
  reply[#reply + 1] = text
end
return reply
`);
