/** Longest channel name, in bytes of UTF-8. */
export const MAX_CHANNEL_BYTES = 255

/** First character of a personal channel: `#bob` is the channel of every connection of the user `bob`. */
export const PERSONAL_PREFIX = '#'

/** First character of the names that the hubs use among themselves; clients and applications cannot use them. */
export const RESERVED_PREFIX = '@'

// C0 and C1 control characters, DEL, the two line separators that some log viewers break on, and lone surrogates, which have no UTF-8 form.
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Surrogate}/u

/**
 * Says what is wrong with a channel name, or `undefined` when it is fine: 1 to 255 bytes of UTF-8, no control characters, no
 * leading `@`.
 */
export function channelProblem(name: string): string | undefined {
  if (name === '') return 'channel name is empty'
  // A UTF-16 unit is at most 3 bytes of UTF-8, so short names need no count.
  if (name.length > MAX_CHANNEL_BYTES || (name.length * 3 > MAX_CHANNEL_BYTES && utf8Bytes(name) > MAX_CHANNEL_BYTES)) {
    return `channel name is longer than ${MAX_CHANNEL_BYTES} bytes`
  }
  if (FORBIDDEN.test(name)) return 'channel name has control characters'
  if (name.startsWith(RESERVED_PREFIX)) return `channel names that begin with ${RESERVED_PREFIX} are reserved`
  return undefined
}

/** The personal channel of a user: `#<userId>`. */
export function personalChannel(userId: string): string {
  return PERSONAL_PREFIX + userId
}

/** The user a personal channel belongs to, or `undefined` for every other channel. */
export function userOfPersonalChannel(channel: string): string | undefined {
  return channel.startsWith(PERSONAL_PREFIX) ? channel.slice(PERSONAL_PREFIX.length) : undefined
}

/** The part of a channel name before its first `:`, which selects the channel's rule; `''` when there is none. */
export function namespaceOf(channel: string): string {
  const colon = channel.indexOf(':')
  return colon === -1 ? '' : channel.slice(0, colon)
}

function utf8Bytes(text: string): number {
  let bytes = 0
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}
