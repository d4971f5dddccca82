-- KEYS: a journey, and the attempts of the visit.
-- ARGV: what names the visit, the change's id, its effect, seconds until the attempt expires in ms, the settlement, how long a journey is
-- kept, how much longer than an attempt, then names and values of variables.
-- 'yes', 'settled' or 'pending'. Everything is written by one command: a script that fails at its second one leaves half.
local settled = redis.call('HGET', KEYS[1], 's' .. ARGV[1])
if settled then
  return string.sub(settled, 1, #ARGV[2]) == ARGV[2] and 'yes' or 'settled'
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local pending = tonumber(redis.call('HGET', KEYS[1], 'p' .. ARGV[1]) or '0')
local write = {}
local keep = tonumber(ARGV[6])
if ARGV[3] == 'wait' then
  local lifetime = tonumber(ARGV[4])
  write = { 'p' .. ARGV[1], string.format('%.0f', math.max(pending, now + lifetime)) }
  keep = math.max(keep, lifetime + tonumber(ARGV[7]))
else
  if ARGV[3] == 'settle_unless_pending' and pending > now then
    return 'pending'
  end
  write = { 's' .. ARGV[1], ARGV[2] .. ARGV[5] }
end
for at = 8, #ARGV, 2 do
  write[#write + 1] = 'v' .. ARGV[at]
  write[#write + 1] = ARGV[at + 1]
end
redis.call('HSET', KEYS[1], unpack(write))
-- A settlement outlives every attempt of its visit.
keep = math.max(keep, redis.call('PTTL', KEYS[2]) + tonumber(ARGV[7]))
if redis.call('PTTL', KEYS[1]) < keep then
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', keep))
end
return 'yes'
