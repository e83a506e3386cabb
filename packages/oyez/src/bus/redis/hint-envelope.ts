import type { Position } from '../../protocol/position.ts'

/**
 * The bytes of a hint as they travel through Redis pub/sub:
 *
 *     version (1) | flags (1) | [length of the publication (4, seven bits each)]   when flags has SIZED: a hint that was cut short shows
 *                 | [length (2, big endian) | channel]   when flags has NAMED: every node hears every hint, so it must say whose it is
 *                 | [length (1) | epoch | length (1) | offset, decimal]   when flags has POSITIONED
 *                 | the publication's bytes
 *
 * The head (up to the channel) is written here; the append script adds epoch and offset, which only it knows, and the record.
 * Hints without SIZED come from nodes of an earlier version.
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
const SIZED = 4

/** What the first part of a hint says. */
export interface HintHead {
  readonly positioned: boolean
  /** Bytes of the publication. */
  readonly length: number
  /** Only where the pub/sub channel does not already say it. */
  readonly channel?: string | undefined
}

/** The first part of a hint. */
export function hintHead({ positioned, length, channel }: HintHead): Buffer {
  const flags = SIZED | (positioned ? POSITIONED : 0) | (channel === undefined ? 0 : NAMED)
  const size = [HINT_VERSION, flags, ...sevenBits(length)]
  if (channel === undefined) return Buffer.from(size)
  const name = Buffer.from(channel, 'utf8')
  return Buffer.concat([Buffer.from([...size, name.length >> 8, name.length & 0xff]), name])
}

/** The first part of a positioned hint without a channel, as text: each of its bytes is an ASCII character. */
export function hintHeadText(length: number): string {
  return String.fromCharCode(HINT_VERSION, SIZED | POSITIONED, ...sevenBits(length))
}

function sevenBits(length: number): [number, number, number, number] {
  return [(length >> 21) & 0x7f, (length >> 14) & 0x7f, (length >> 7) & 0x7f, length & 0x7f]
}

/** The channel that a hint names, also where the rest of it is damaged. */
export function hintedChannel(message: Buffer): string | undefined {
  const flags = message[1] ?? 0
  if (message[0] !== HINT_VERSION || (flags & NAMED) === 0) return undefined
  const at = (flags & SIZED) === 0 ? 2 : 6
  if (message.length < at + 2) return undefined
  const end = at + 2 + message.readUInt16BE(at)
  return end > message.length ? undefined : message.toString('utf8', at + 2, end)
}

/** Reads a hint, or `undefined` for anything else that somebody published on our channels. Never throws. */
export function parseHint(message: Buffer): Hint | undefined {
  if (message.length < 2 || message[0] !== HINT_VERSION) return undefined
  const flags = message[1] ?? 0
  if ((flags & ~(NAMED | POSITIONED | SIZED)) !== 0) return undefined
  let at = 2
  let length: number | undefined
  if ((flags & SIZED) !== 0) {
    if (message.length < at + 4) return undefined
    length = 0
    for (const end = at + 4; at < end; at++) length = (length << 7) | ((message[at] ?? 0) & 0x7f)
  }
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
  if (length !== undefined && message.length - at !== length) return undefined
  return { channel, position, bytes: new Uint8Array(message.subarray(at)) }
}

const DECIMAL = /^\d{1,16}$/

/** A safe whole number from 0 out of text that came from Redis, or `undefined`. */
export function parseOffset(text: string): number | undefined {
  if (!DECIMAL.test(text)) return undefined
  const offset = Number(text)
  return Number.isSafeInteger(offset) ? offset : undefined
}
