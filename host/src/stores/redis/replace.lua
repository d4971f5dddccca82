-- KEYS: a shelf. ARGV: key, the revision that must stand, the new one, value, lifetime.
-- 1 where it is replaced, now or by this very command before; 0 where it isn't.
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if not entry then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local revision, expires = string.match(entry, '^(%S+) (%d+) ')
if revision == ARGV[3] then
  return 1
end
if revision ~= ARGV[2] or tonumber(expires) <= now then
  return 0
end
local lifetime = tonumber(ARGV[5])
-- Joined, not formatted: Lua's %s ends a short text at its first NUL.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. ' ' .. string.format('%.0f', now + lifetime) .. ' ' .. ARGV[4])
if redis.call('PTTL', KEYS[1]) < lifetime then
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
return 1
