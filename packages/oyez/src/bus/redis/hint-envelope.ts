import type { Position } from '../../protocol/position.ts'

/**
 * The bytes of a hint as they travel through Redis pub/sub:
 *
 *     version (1) | flags (1) | [length (2, big endian) | channel]   when flags has NAMED: every node hears every hint, so it must say whose it is
 *                 | [length (1) | epoch | length (1) | offset, decimal]   when flags has POSITIONED
 *                 | the publication's bytes
 *
 * The head (up to the channel) is written here; the append script adds epoch and offset, which only it knows, and the record.
 */
export interface Hint {
  /** Only with broadcast routing. */
  readonly channel: string | undefined
  readonly position: Position | undefined
  /** A copy: the parser's buffers are views on chunks that would stay in memory as long as the view. */
  readonly bytes: Uint8Array
}

export const HINT_VERSION = 1
const NAMED = 1
const POSITIONED = 2

/** The first part of a hint; the channel's name goes in only where the pub/sub channel does not already say it. */
export function hintHead(positioned: boolean, channel?: string): Buffer {
  const flags = (positioned ? POSITIONED : 0) | (channel === undefined ? 0 : NAMED)
  if (channel === undefined) return Buffer.from([HINT_VERSION, flags])
  const name = Buffer.from(channel, 'utf8')
  return Buffer.concat([Buffer.from([HINT_VERSION, flags, name.length >> 8, name.length & 0xff]), name])
}

/** Reads a hint, or `undefined` for anything else that somebody published on our channels. Never throws. */
export function parseHint(message: Buffer): Hint | undefined {
  if (message.length < 2 || message[0] !== HINT_VERSION) return undefined
  const flags = message[1] ?? 0
  if ((flags & ~(NAMED | POSITIONED)) !== 0) return undefined
  let at = 2
  let channel: string | undefined
  if ((flags & NAMED) !== 0) {
    if (message.length < at + 2) return undefined
    const end = at + 2 + message.readUInt16BE(at)
    if (end > message.length) return undefined
    channel = message.toString('utf8', at + 2, end)
    at = end
  }
  let position: Position | undefined
  if ((flags & POSITIONED) !== 0) {
    const epochEnd = at + 1 + (message[at] ?? 0)
    const offsetEnd = epochEnd + 1 + (message[epochEnd] ?? 0)
    if (offsetEnd > message.length) return undefined
    const epoch = message.toString('latin1', at + 1, epochEnd)
    const offset = parseOffset(message.toString('latin1', epochEnd + 1, offsetEnd))
    if (epoch === '' || offset === undefined || offset === 0) return undefined
    position = { epoch, offset }
    at = offsetEnd
  }
  return { channel, position, bytes: new Uint8Array(message.subarray(at)) }
}

const DECIMAL = /^\d{1,16}$/

/** A safe whole number from 0 out of text that came from Redis, or `undefined`. */
export function parseOffset(text: string): number | undefined {
  if (!DECIMAL.test(text)) return undefined
  const offset = Number(text)
  return Number.isSafeInteger(offset) ? offset : undefined
}
