import { EMPTY_LOG_MS } from '../bus.ts'
import { TERM_DIGITS } from './epoch.ts'
import { MAKE_ROOM_LUA } from './make-room-lua.ts'

/**
 * Closes a producer and returns the last sequence number stored under its name, 0 for none. What comes later under that name is answered like a message of
 * a producer that nobody knows.
 *
 * Arguments: 1 producer id, 2 a fresh incarnation, used where there is no log yet: a first message may be under way, 3 the producer's owner or ''.
 */
export const CLOSE_PRODUCER_SCRIPT: string = `
${MAKE_ROOM_LUA}
local meta, log = KEYS[1], KEYS[2] or ARGV[#ARGV]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local m = redis.call('HMGET', meta, 'i', 't', 'n', 'x', 'p' .. ARGV[1])
local top = tonumber(m[3] or '')
local alive = m[1] and m[2] and top and top >= 0 and top < 9e15 and top % 1 == 0
-- What a lost log remembers counts for nothing.
if alive then alive = top == 0 or now >= (tonumber(m[4] or '') or 0) or redis.call('EXISTS', log) == 1 end
local seq, offset = '0', '0'
if alive then
  if m[5] then
    seq, offset = string.match(m[5], '^(%d+) (%d+)')
    if not seq then seq, offset = '0', '0' end
  end
else
  local term = string.match(redis.call('INFO', 'replication'), 'master_replid:(${'%x'.repeat(TERM_DIGITS)})')
  if not term then return redis.error_reply('NOREPLID this server hides its replication id') end
  local kind = redis.call('TYPE', log).ok
  if kind ~= 'none' and kind ~= 'stream' then return redis.error_reply('WRONGTYPE ' .. log .. ' is not a stream') end
  -- One key in each command: while a slot moves, a Cluster refuses commands with two keys of which one is missing.
  if redis.call('EXISTS', meta) == 1 then redis.call('DEL', meta) end
  if redis.call('EXISTS', log) == 1 then redis.call('DEL', log) end
  top = 0
  redis.call('HSET', meta, 'i', ARGV[2], 't', term, 'n', '0')
end
if top == 0 then
  -- A log without records is forgotten soon. A message that is still under way comes within that time.
  redis.call('HSET', meta, 'x', string.format('%d', now + ${EMPTY_LOG_MS}))
  redis.call('PEXPIRE', meta, ${EMPTY_LOG_MS})
end
local owner = ARGV[3]
redis.call('HSET', meta, 'p' .. ARGV[1], seq .. ' ' .. offset .. (owner ~= '' and ' =' .. owner or '') .. ' c ' .. time[1])
if not (alive and m[5]) then makeRoom(meta, owner, 'p' .. ARGV[1], '', tonumber(time[1]), true) end
return tonumber(seq)
`
