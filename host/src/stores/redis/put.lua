-- KEYS: a shelf, and the journey that it belongs to, if any.
-- ARGV: key, its new revision, value, lifetime, how much longer than an attempt its journey is kept, most entries of a shelf.
-- 1, or 0 where the shelf is full. Sent again, it finds its own revision, and leaves it.
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if entry and string.match(entry, '^%S+') == ARGV[2] then
  return 1
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lifetime = tonumber(ARGV[4])
if not entry and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[6]) then
  local entries = redis.call('HGETALL', KEYS[1])
  local expired = {}
  for at = 1, #entries, 2 do
    if tonumber(string.match(entries[at + 1], '^%S+ (%d+) ')) <= now then
      expired[#expired + 1] = entries[at]
    end
  end
  if #expired == 0 then
    return 0
  end
  redis.call('HDEL', KEYS[1], unpack(expired))
end
-- Joined, not formatted: Lua's %s ends a short text at its first NUL.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', now + lifetime) .. ' ' .. ARGV[3])
if redis.call('PTTL', KEYS[1]) < lifetime then
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
-- A settlement outlives every attempt of its visit, one that was begun in the same moment, too.
local kept = lifetime + tonumber(ARGV[5])
local left = KEYS[2] and redis.call('PTTL', KEYS[2]) or -1
if left >= 0 and left < kept then
  redis.call('PEXPIRE', KEYS[2], string.format('%.0f', kept))
end
return 1
