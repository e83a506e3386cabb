import { EMPTY_LOG_MS } from '../bus.ts'
import { MAX_FORKS } from './append-script.ts'
import { TERM_DIGITS } from './epoch.ts'

/** The read script's first answer field. */
export const READ_CODE = { continue: 1, newLog: 2, fork: 3, trimmed: 4, unknown: 5 } as const

/** Records fetched at a time by a read with a limit of bytes. */
const MAX_PORTION = 64

/**
 * Compares a position with the log and returns what follows: verdict, epoch, top, fork offset, then offset and record in turns. One atomic step.
 *
 * Arguments: 1 incarnation of the position ('' for none known, '?' for one that cannot be ours), 2 its term, 3 its offset or '' for no position,
 * 4 limit, 5 '1' for newest first, 6 ttl ms of a new identity or '' to make none, 7 a fresh incarnation, 8 most bytes of records or '' for no limit,
 * 9 the most records that a reader may see, 10 the age in ms of the last record beyond which a reader sees none.
 */
export const READ_SCRIPT: string = `
local meta, log = KEYS[1], KEYS[2] or ARGV[#ARGV]
local limit, reverse, mint = tonumber(ARGV[4]), ARGV[5] == '1', ARGV[6] ~= ''
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local term = string.match(redis.call('INFO', 'replication'), 'master_replid:(${'%x'.repeat(TERM_DIGITS)})')
if not term then return redis.error_reply('NOREPLID this server hides its replication id') end

local m = redis.call('HMGET', meta, 'i', 't', 'n', 'x', 'f', 'l')
local incarnation, top, expires, forks = m[1], tonumber(m[3] or ''), tonumber(m[4] or '') or 0, m[5] or ''
-- A top that is no offset was not written here.
local alive = incarnation and m[2] and top and top >= 0 and top < 9e15 and top % 1 == 0
if alive then
  if redis.call('EXISTS', log) == 1 then
    -- A record above the top, or a stream where there should be none: the two keys do not belong together.
    alive = #redis.call('XRANGE', log, '(' .. string.format('%d', top), '+', 'COUNT', 1) == 0
  else
    -- Missing before its time is damage; after it, all records are trimmed and the identity goes on.
    alive = top == 0 or now >= expires
  end
end

if not alive then
  local kind = redis.call('TYPE', log).ok
  if kind ~= 'none' and kind ~= 'stream' then return redis.error_reply('WRONGTYPE ' .. log .. ' is not a stream') end
  if not mint then
    -- A reader that does not stay writes nothing: names are free to invent.
    if ARGV[3] == '' or (ARGV[1] == '' and tonumber(ARGV[3]) == 0) then return {${READ_CODE.continue}, '', '0', '0'} end
    if ARGV[1] == '?' or ARGV[1] == '' then return {${READ_CODE.unknown}, '', '0'} end
    return {${READ_CODE.newLog}, '', '0'}
  end
  -- No subscriber is without an epoch: its read creates the log, empty.
  -- After any first write, Redis lets a script take all the memory it wants: delete only when there is something to delete.
  -- One key in each command: while a slot moves, a Cluster refuses commands with two keys of which one is missing.
  if redis.call('EXISTS', meta) == 1 then redis.call('DEL', meta) end
  if redis.call('EXISTS', log) == 1 then redis.call('DEL', log) end
  incarnation, top, forks = ARGV[7], 0, ''
  redis.call('HSET', meta, 'i', incarnation, 't', term, 'n', '0', 'x', string.format('%d', now + ARGV[6]))
  redis.call('PEXPIRE', meta, ARGV[6])
elseif m[2] ~= term then
  local kept, all = 1, m[2] .. ':' .. string.format('%d', top)
  for fork in string.gmatch(forks, '[^,]+') do
    if kept == ${MAX_FORKS} then break end
    all = all .. ',' .. fork
    kept = kept + 1
  end
  forks = all
  -- Refused when memory is short, which does no harm: nothing was appended under the new term yet, and whoever does will write it.
  if mint then redis.pcall('HSET', meta, 't', term, 'f', forks) end
end

-- What a reader may see ends here, whatever the stream still holds: MAXLEN ~ and the expiry times are generous.
local floor = math.max(0, top - ARGV[9])
if m[6] and now >= tonumber(m[6]) + ARGV[10] then floor = top end

local epoch, head = incarnation .. '.' .. term, string.format('%d', top)
local first = floor + 1
if ARGV[3] ~= '' then
  local offset = tonumber(ARGV[3])
  if ARGV[1] == '?' or (ARGV[1] == '' and offset ~= 0) then return {${READ_CODE.unknown}, epoch, head} end
  if ARGV[1] ~= '' then
    if ARGV[1] ~= incarnation then return {${READ_CODE.newLog}, epoch, head} end
    local last = ARGV[2] == term and top
    if not last then
      for name, forkTop in string.gmatch(forks, '(%x+):(%d+)') do
        if name == ARGV[2] then
          last = tonumber(forkTop)
          break
        end
      end
    end
    if not last then return {${READ_CODE.unknown}, epoch, head} end
    if offset > last then return {${READ_CODE.fork}, epoch, head, string.format('%d', last)} end
  end
  first = offset + 1
  if not reverse and first <= top then
    local wanted = string.format('%d', first)
    if first <= floor or #redis.call('XRANGE', log, wanted, wanted, 'COUNT', 1) == 0 then return {${READ_CODE.trimmed}, epoch, head} end
  end
end

local answer = {${READ_CODE.continue}, epoch, head, '0'}
if limit > 0 and top > floor then
  local from, lowest = '+', string.format('%d', floor + 1)
  if not reverse then
    from = string.format('%d', first)
  elseif ARGV[3] ~= '' then
    from = first > 2 and string.format('%d', first - 2)
  end
  -- With a limit of bytes, the records are fetched in portions of what should fit, so that not much more is read than returned.
  local maxBytes = tonumber(ARGV[8])
  local count, taken, bytes = maxBytes and 1 or limit, 0, 0
  while from and taken < limit do
    if count > limit - taken then count = limit - taken end
    local entries
    if reverse then
      entries = redis.call('XREVRANGE', log, from, lowest, 'COUNT', count)
    else
      entries = redis.call('XRANGE', log, from, '+', 'COUNT', count)
    end
    for i = 1, #entries do
      local record = entries[i][2][2]
      bytes = bytes + #(record or '')
      if maxBytes and bytes > maxBytes and taken > 0 then return answer end
      answer[#answer + 1] = entries[i][1]
      answer[#answer + 1] = record
      taken = taken + 1
    end
    if #entries < count then break end
    from = '(' .. entries[#entries][1]
    if maxBytes then
      local fitting = math.floor((maxBytes - bytes) * taken / math.max(bytes, 1))
      count = math.max(1, math.min(fitting, taken * 2, ${MAX_PORTION}))
    end
  end
end
return answer
`

/**
 * The newest positions of many logs, two keys each: epoch and offset in turns, two empty strings where there is no sound log. Creates nothing. The
 * identity of a log without records, which expires soon, is extended once a third of its time is over.
 */
export const HEADS_SCRIPT: string = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local term = string.match(redis.call('INFO', 'replication'), 'master_replid:(${'%x'.repeat(TERM_DIGITS)})')
if not term then return redis.error_reply('NOREPLID this server hides its replication id') end
local answer = {}
for i = 1, #KEYS, 2 do
  -- One key of a wrong type must not hide the heads of all the others.
  local m = redis.pcall('HMGET', KEYS[i], 'i', 't', 'n', 'x')
  local top = m[3] and tonumber(m[3])
  local sound = m[1] and m[2] and top and (top == 0 or now >= (tonumber(m[4] or '') or 0) or redis.call('EXISTS', KEYS[i + 1] or ARGV[#ARGV]) == 1)
  if sound and top == 0 and (tonumber(m[4] or '') or 0) - now < ${(EMPTY_LOG_MS * 2) / 3} then
    -- Refused when memory is short or on a replica; the next call tries again.
    redis.pcall('PEXPIRE', KEYS[i], ${EMPTY_LOG_MS})
    redis.pcall('HSET', KEYS[i], 'x', string.format('%d', now + ${EMPTY_LOG_MS}))
  end
  answer[i] = sound and (m[1] .. '.' .. term) or ''
  answer[i + 1] = sound and m[3] or ''
end
return answer
`
