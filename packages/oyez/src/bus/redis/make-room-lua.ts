/** Idempotency keys are remembered this long: the bus contract's five minutes. */
export const KEY_SECONDS = 300
/** A producer that was silent for so long is forgotten; its next message is answered with `unknown-producer`. */
const PRODUCER_SECONDS = 3_600
/** Most entries in one channel's metadata. */
const MAX_ENTRIES = 10_000

/**
 * A Lua function for scripts that add a producer or an idempotency key to a channel's metadata. It looks at a few entries and removes the stale ones
 * among them, so that their share stays small at a bounded cost; a full hash gives up one for each new one: of the owner who has most of the sample, the
 * new entry included, the oldest. So a user who invents ids makes the log forget his own. What has no owner belongs to the server.
 *
 * Arguments: metadata key, the new entry's owner or '', two fields to spare, the time in seconds, whether to look at all when the hash is not full.
 */
export const MAKE_ROOM_LUA: string = `
local function makeRoom(meta, owner, one, other, seconds, always)
  local count = redis.call('HLEN', meta)
  local full = count > ${MAX_ENTRIES}
  if not full and (count <= 32 or not always) then return end
  local sample = redis.call('HRANDFIELD', meta, 24, 'WITHVALUES')
  local counts, oldest, ages = {[owner] = 1}, {}, {}
  for i = 1, #sample, 2 do
    local field, value, kind = sample[i], sample[i + 1], string.byte(sample[i])
    -- 112 is 'p', 107 is 'k'; the fields of the log itself are one letter long.
    if #field > 1 and (kind == 112 or kind == 107) and field ~= one and field ~= other then
      local age = seconds - (tonumber(string.match(value, ' (%d+)$') or '') or 0)
      if age > (kind == 112 and ${PRODUCER_SECONDS} or ${KEY_SECONDS}) then
        redis.call('HDEL', meta, field)
        full = false
      else
        local whose = string.match(value, ' =(%S+) ') or ''
        counts[whose] = (counts[whose] or 0) + 1
        if not oldest[whose] or age > ages[whose] then oldest[whose], ages[whose] = field, age end
      end
    end
  end
  if not full then return end
  local most = oldest[owner] and owner
  for whose, field in pairs(oldest) do
    if not most or counts[whose] > counts[most] or (most ~= owner and counts[whose] == counts[most] and ages[whose] > ages[most]) then
      most = whose
    end
  end
  if most then redis.call('HDEL', meta, oldest[most]) end
end
`
