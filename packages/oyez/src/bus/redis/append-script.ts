import { TERM_DIGITS } from './epoch.ts'
import { KEY_SECONDS, MAKE_ROOM_LUA } from './make-room-lua.ts'

/** Records and bytes among which the place of a repeated one is looked for. */
const MAX_LOOKED = 4_096
const MAX_LOOKED_BYTES = 1_048_576
/** Earlier terms that a log remembers; a position in an older one is not provable. */
export const MAX_FORKS = 16

/**
 * The script's first answer field. Everything else is an error reply of Redis itself.
 */
export const APPEND_CODE = { appended: 1, duplicate: 2, outOfSequence: 3, unknownProducer: 4, expired: 5 } as const

/** Arguments for one record. */
const APPEND_ARGUMENTS = 12

/**
 * Stores records, each by itself: checks first, then the append, then the bookkeeping, then the hint. One atomic step. What is the same for all of
 * them (finding the script, the time and the master) is a third of the price of one: appends that come together share it. The answer has one
 * element for each record, an error where Redis refused that one.
 *
 * Keys, for each record: metadata hash, stream; {@link RedisCalls.runAsking} gives the name of a single one's stream as the last argument. Metadata fields: `i` incarnation, `t` term, `n` top offset, `f` forks (`term:top,…`, newest first), `l` server time (ms) of the last record, `x` server time (ms)
 * at which the stream may expire (in a log without records: at which the metadata does), `p<producer>` = `seq offset =owner seconds` (`seq offset =owner c seconds` once it is closed; without the owner where it has none), `k<key>` = `offset seconds`. Stream entries: id `<offset>-0`, field `d` the
 * record, field `p` = `seq:producer`.
 *
 * Arguments, for each record: 1 record, 2 hint channel, 3 hint head, 4 deadline (server ms), 5 size, 6 ttl ms, 7 metadata ttl ms, 8 a fresh incarnation,
 * 9 producer id or '', 10 its seq, 11 idempotency key or '', 12 the producer's owner or ''.
 *
 * Two things differ from a plain reading of "both keys live and die together". The metadata outlives the stream, so that a subscriber of a channel that
 * was merely quiet is not told of a break; `x` tells the two cases apart: a stream that is missing *before* `x` was lost (deleted, evicted), and the log
 * begins anew; one that is missing *after* `x` has expired, all its records are trimmed, and the identity goes on. And expiry times are refreshed only
 * once they have used up an eighth of the ttl that they were given in excess, which saves three calls on almost every append.
 */
export function appendScript(publish: 'PUBLISH' | 'SPUBLISH'): string {
  return `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stored = string.format('%d', now)

-- The replication id is random and fresh at each promotion and each start of a master, so two histories that diverge never share a term.
local term = string.match(redis.call('INFO', 'replication'), 'master_replid:(${'%x'.repeat(TERM_DIGITS)})')
if not term then return redis.error_reply('NOREPLID this server hides its replication id') end

${MAKE_ROOM_LUA}
local function store(meta, log, args)
local record, producer, key, owner = args[1], args[9], args[11], args[12]

-- A request that lay in a stalled socket must not be carried out after its caller was told that it failed.
if now > tonumber(args[4]) then return {${APPEND_CODE.expired}} end

-- Reading the hash first means that no later write can fail on its type.
local m = redis.call('HMGET', meta, 'i', 't', 'n', 'x', 'p' .. producer, 'k' .. key)
local incarnation, oldTerm, top, expires = m[1], m[2], tonumber(m[3] or ''), tonumber(m[4] or '') or 0
-- A top that is no offset was not written here.
local alive = incarnation and oldTerm and top and top >= 0 and top < 9e15 and top % 1 == 0
local seq = producer ~= '' and tonumber(args[10])

-- The answer that stores nothing, if there is one.
local rejection
if alive and seq and m[5] then
  local lastSeq, lastOffset = string.match(m[5], '^(%d+) (%d+)')
  lastSeq = tonumber(lastSeq)
  if lastSeq and seq > lastSeq and string.find(m[5], ' c ', 1, true) then
    -- The producer was closed: nothing more comes under its name.
    rejection = {${APPEND_CODE.unknownProducer}}
  elseif lastSeq and seq > lastSeq + 1 then
    rejection = {${APPEND_CODE.outOfSequence}, lastSeq + 1}
  elseif lastSeq and seq <= lastSeq then
    -- Sent again after a lost answer. The last one's offset is at hand, the ones before it are looked for among the records of others.
    local offset = lastOffset
    if seq < lastSeq then
      local wanted = args[10] .. ':' .. producer
      local below, looked, bytes = lastOffset, 0, 0
      offset = false
      repeat
        local entries = redis.call('XREVRANGE', log, below, '-', 'COUNT', 64)
        for _, entry in ipairs(entries) do
          below = string.match(entry[1], '^%d+')
          if entry[2][4] == wanted then
            offset = below
            break
          end
          bytes = bytes + #(entry[2][2] or '')
        end
        looked = looked + #entries
        below = string.format('%d', below - 1)
      until offset or #entries < 64 or looked >= ${MAX_LOOKED} or bytes >= ${MAX_LOOKED_BYTES}
      -- Of a record that is gone, it is only known that it stood below all these.
      offset = offset or below
    end
    rejection = {${APPEND_CODE.duplicate}, incarnation .. '.' .. term, offset}
  end
elseif alive and seq and seq ~= 1 then
  return {${APPEND_CODE.unknownProducer}}
end
if alive and key ~= '' and m[6] and not rejection then
  local offset, seconds = string.match(m[6], '^(%d+) (%d+)$')
  if offset and tonumber(time[1]) - tonumber(seconds) < ${KEY_SECONDS} then
    rejection = {${APPEND_CODE.duplicate}, incarnation .. '.' .. term, offset}
  end
end
-- What a lost log remembers counts for nothing. An append finds out by itself, a rejection has to look.
if rejection and (top == 0 or now >= expires or redis.call('EXISTS', log) == 1) then return rejection end

-- Append first, with the explicit id: when it fails, nothing has changed. NOMKSTREAM tells in the same call whether the stream is there.
local id
local stamp = seq and args[10] .. ':' .. producer
if alive then
  id = string.format('%d', top + 1)
  local added
  if seq then
    added = redis.pcall('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', args[5], id, 'd', record, 'p', stamp)
  else
    added = redis.pcall('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', args[5], id, 'd', record)
  end
  if type(added) == 'table' then
    -- The stream is ahead of the metadata: one of the two was tampered with or lost. Any other error is the caller's to hear.
    if not string.find(added.err, 'equal or smaller', 1, true) then return added end
    alive = false
  elseif not added then
    if top == 0 or now >= expires then
      expires = 0
      added = redis.pcall('XADD', log, id, 'd', record, unpack(seq and {'p', stamp} or {}))
      if type(added) == 'table' and added.err then return added end
    else
      alive = false
    end
  end
end

if alive then
  if oldTerm ~= term then
    -- A promoted replica or a restarted master holds a prefix of the log: what it has now is where the old term ends for ever.
    local forks = oldTerm .. ':' .. string.format('%d', top)
    local kept = 1
    for fork in string.gmatch(redis.call('HGET', meta, 'f') or '', '[^,]+') do
      if kept == ${MAX_FORKS} then break end
      forks = forks .. ',' .. fork
      kept = kept + 1
    end
    redis.call('HSET', meta, 't', term, 'f', forks)
  end
else
  -- A new log: whoever holds a position of the old one will find another incarnation. A key of another type is not ours to delete.
  if seq and seq ~= 1 then return {${APPEND_CODE.unknownProducer}} end
  local kind = redis.call('TYPE', log).ok
  if kind ~= 'none' and kind ~= 'stream' then return redis.error_reply('WRONGTYPE ' .. log .. ' is not a stream') end
  -- After any first write, Redis lets a script take all the memory it wants: delete only when there is something to delete.
  -- One key in each command: while a slot moves, a Cluster refuses commands with two keys of which one is missing.
  if redis.call('EXISTS', meta) == 1 then redis.call('DEL', meta) end
  if redis.call('EXISTS', log) == 1 then redis.call('DEL', log) end
  incarnation, id, expires = args[8], '1', 0
  m[5], m[6] = false, false
  local added = redis.pcall('XADD', log, id, 'd', record, unpack(seq and {'p', stamp} or {}))
  if type(added) == 'table' and added.err then return added end
  redis.call('HSET', meta, 'i', incarnation, 't', term)
end

if seq then
  redis.call('HSET', meta, 'n', id, 'l', stored, 'p' .. producer, args[10] .. ' ' .. id .. (owner ~= '' and ' =' .. owner .. ' ' or ' ') .. time[1])
else
  redis.call('HSET', meta, 'n', id, 'l', stored)
end
if key ~= '' then redis.call('HSET', meta, 'k' .. key, id .. ' ' .. time[1]) end

-- Every eighth new entry makes room, and each one when the hash is full.
if (seq and not m[5]) or (key ~= '' and not m[6]) then
  makeRoom(meta, owner, 'p' .. producer, 'k' .. key, tonumber(time[1]), id % 8 == 0)
end

local ttl = tonumber(args[6])
local slack = math.floor(ttl / 8)
if expires < now + ttl or expires > now + ttl + slack then
  expires = now + ttl + slack
  redis.call('HSET', meta, 'x', string.format('%d', expires))
  redis.call('PEXPIREAT', log, string.format('%d', expires))
  redis.call('PEXPIREAT', meta, string.format('%d', math.max(now + tonumber(args[7]) + slack, expires + 1)))
end

-- The record is stored: a hint that cannot be published is a flag, not a failure.
local epoch = incarnation .. '.' .. term
local heard = redis.pcall('${publish}', args[2], args[3] .. string.char(#epoch) .. epoch .. string.char(#id) .. id .. record)
return {${APPEND_CODE.appended}, epoch, id, type(heard) == 'table' and 0 or 1}
end

-- A record that Redis refuses does not keep the others from being stored.
local replies = {}
for i = 1, math.ceil(#KEYS / 2) do
  local last = i * ${APPEND_ARGUMENTS}
  local done, reply = pcall(store, KEYS[2 * i - 1], KEYS[2 * i] or ARGV[#ARGV], {unpack(ARGV, last - ${APPEND_ARGUMENTS - 1}, last)})
  replies[i] = done and reply or redis.error_reply(type(reply) == 'table' and reply.err or tostring(reply))
end
return replies
`
}
