import { script } from "./script.js";

/**
 * Replaces a hash, or makes it.
 * KEYS[1] the hash
 * ARGV[1] ttl in ms or ""   ARGV[2] "1": only where there is none   then field, text, …
 * Returns 1, or 0 where ARGV[2] held it back.
 */
export const writeHash = script(`
if redis.call("EXISTS", KEYS[1]) == 1 then
  if ARGV[2] == "1" then return 0 end
  redis.call("DEL", KEYS[1])
end
for i = 3, #ARGV, 2 do redis.call("HSET", KEYS[1], ARGV[i], ARGV[i + 1]) end
if ARGV[1] ~= "" then redis.call("PEXPIRE", KEYS[1], ARGV[1]) end
return 1
`);

/**
 * Changes a hash that exists: an HSET on one that has just expired would bring half of it back, and for ever.
 * The steps run on a copy, so that nothing is written where one is refused.
 * KEYS[1] the hash
 * ARGV[1] ttl in ms to give it, or ""   then steps:
 *   expect field text | expectNone field |
 *   set field text | remove field | clear prefix | add field by max | raise field to |
 *   count prefix member by max maxMembers
 * Returns {"absent"}, {"refused", reason, field} or {"changed", field, text, …} with all fields.
 */
export const changeHash = script(`
local stored = redis.call("HGETALL", KEYS[1])
if #stored == 0 then return {"absent"} end
local fields, written = {}, {}
for i = 1, #stored, 2 do fields[stored[i]] = stored[i + 1] end

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

local at = 2
local function take()
  at = at + 1
  return ARGV[at - 1]
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

for field in pairs(written) do
  if fields[field] then
    redis.call("HSET", KEYS[1], field, fields[field])
  else
    redis.call("HDEL", KEYS[1], field)
  end
end
if ARGV[1] ~= "" then redis.call("PEXPIRE", KEYS[1], ARGV[1]) end

local reply = {"changed"}
for field, text in pairs(fields) do
  reply[#reply + 1] = field
  reply[#reply + 1] = text
end
return reply
`);
