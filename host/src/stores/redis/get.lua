-- KEYS: a shelf. ARGV: key.
-- The entry as it is kept, where it has not expired.
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if not entry then
  return false
end
local time = redis.call('TIME')
if tonumber(string.match(entry, '^%S+ (%d+) ')) <= time[1] * 1000 + math.floor(time[2] / 1000) then
  return false
end
return entry
