import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { protobufCodec } from '../../../src/codec/protobuf/index.ts'
import { FrameError } from '../../../src/protocol/codec.ts'
import type { ClientMessage } from '../../../src/protocol/message.ts'
import { commandFrame, jsonBytes } from './generated-codec.ts'

const COMMANDS: readonly Uint8Array[] = [
  commandFrame({
    id: 1,
    connect: {
      token: 't',
      data: jsonBytes({ a: [1] }),
      headers: { x: 'y' },
      subs: { news: { recover: true, epoch: 'e', offset: 3n } },
      oyezExt: 1,
    },
  }),
  commandFrame({ id: 2, subscribe: { channel: 'news', recover: true, epoch: 'e', offset: 2n ** 40n, flag: 2n } }),
  commandFrame({ id: 3, unsubscribe: { channel: 'news' } }),
  commandFrame({ id: 4, publish: { channel: 'news', data: jsonBytes('hi'), oyezProducer: 'p', oyezSeq: 1n } }),
  commandFrame({ id: 5, history: { channel: 'news', limit: -1, since: { epoch: 'e', offset: 1n }, reverse: true } }),
  commandFrame({ id: 6, rpc: { method: 'm', data: jsonBytes(null) } }),
  commandFrame({ send: { data: jsonBytes('hi') } }),
  commandFrame({}),
]

/** Messages, or that the frame was not understood; anything else thrown fails the test. */
function decode(frame: Uint8Array): readonly ClientMessage[] | 'not understood' {
  try {
    return protobufCodec.decode(frame)
  } catch (error) {
    if (error instanceof FrameError) return 'not understood'
    throw error
  }
}

const mutated = fc
  .tuple(fc.constantFrom(...COMMANDS), fc.nat(), fc.nat(6), fc.uint8Array({ maxLength: 6 }))
  .map(([bytes, at, length, other]) => {
    const from = at % bytes.length
    return Uint8Array.from([...bytes.subarray(0, from), ...other, ...bytes.subarray(from + length)])
  })
/** The outer length fits, so that what is inside is read. */
const framed = fc
  .oneof(mutated, fc.uint8Array({ maxLength: 60 }))
  .map((bytes) => Uint8Array.from([...varint(BigInt(bytes.length)), ...bytes]))

function varint(value: bigint): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)]
    bytes.push(Number(rest & 0x7fn) | 0x80)
  }
}

/** A frame with one message of these bytes. */
const message = (...bytes: number[]): Uint8Array => Uint8Array.from([...varint(BigInt(bytes.length)), ...bytes])

describe('the Protobuf codec', () => {
  it('reads anything at all without failing in another way than its own, and hands on only what the types promise', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), mutated, framed), (frame) => {
        const messages = decode(frame)
        if (messages === 'not understood') return
        expect(messages.length).toBeGreaterThan(0)
        for (const read of messages) {
          expect(Number.isInteger(read.id) && read.id >= 0 && read.id < 2 ** 32).toBe(true)
          if ('channel' in read) expect(read.channel).not.toBe('')
          if ('data' in read && read.data !== undefined) expect(read.data.length).toBeGreaterThan(0)
          if (read.type === 'subscribe' && read.recover !== undefined)
            expect(Number.isSafeInteger(read.recover.offset)).toBe(true)
          if (read.type === 'publish' && read.notJson === undefined) JSON.parse(Buffer.from(read.data).toString())
          if (read.type === 'rpc' || read.type === 'send') JSON.parse(Buffer.from(read.data).toString())
        }
      }),
      { numRuns: 5_000 },
    )
  })

  it('refuses every frame that was cut short, unless it was cut between two messages', () => {
    for (const command of COMMANDS) {
      const frame = Buffer.concat([command, command])
      for (let length = 0; length < frame.length; length++) {
        const cut = decode(frame.subarray(0, length))
        if (length === command.length) expect(cut).toHaveLength(1)
        else expect({ length, cut }).toEqual({ length, cut: 'not understood' })
      }
    }
  })

  it('refuses lengths beyond the frame, however large', () => {
    for (const length of [1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(decode(Uint8Array.from(varint(length)))).toBe('not understood')
      // As the length of the token of a connect.
      expect(decode(message(0x08, 1, 0x22, 1 + varint(length).length, 0x0a, ...varint(length)))).toBe('not understood')
    }
  })

  it('refuses varints of more than 64 bits', () => {
    const endless = Array.from({ length: 10 }, () => 0x80)
    expect(decode(Uint8Array.from(endless))).toBe('not understood')
    expect(decode(message(0x08, ...endless, 1))).toBe('not understood')
    expect(decode(message(0x08, ...endless.slice(1), 2))).toBe('not understood')
  })

  it('refuses ids that are no uint32', () => {
    expect(decode(message(0x08, ...varint(2n ** 32n - 1n), 0x32, 3, 0x0a, 1, 0x61))).toEqual([
      { type: 'unsubscribe', id: 2 ** 32 - 1, channel: 'a' },
    ])
    for (const id of [2n ** 32n, 2n ** 53n, 2n ** 64n - 1n]) {
      expect(decode(message(0x08, ...varint(id), 0x32, 3, 0x0a, 1, 0x61))).toBe('not understood')
    }
  })

  it('refuses field number 0, tags of more than 32 bits, and wire types that do not exist', () => {
    for (const tag of [[0x00], [0x02], varint(2n ** 32n), [0x0e], [0x0f]]) {
      expect(decode(message(0x08, 1, ...tag, 1, 1, 1, 1))).toBe('not understood')
    }
  })

  it('refuses strings that are not UTF-8, and takes the replacement character for what it is', () => {
    const unsubscribe = (...channel: number[]): Uint8Array =>
      message(0x08, 1, 0x32, channel.length + 2, 0x0a, channel.length, ...channel)
    expect(decode(unsubscribe(0xff))).toBe('not understood')
    expect(decode(unsubscribe(0xed, 0xa0, 0x80))).toBe('not understood')
    expect(decode(unsubscribe(0xef, 0xbf, 0xbd))).toEqual([{ type: 'unsubscribe', id: 1, channel: '\ufffd' }])
  })

  it('refuses a known field of another wire type', () => {
    expect(decode(message(0x0a, 1, 1))).toBe('not understood')
    expect(decode(message(0x08, 1, 0x30, 1))).toBe('not understood')
  })

  it('skips fields that it does not know, of every wire type, wherever they stand', () => {
    const unknown = [
      [0xa0, 0x9c, 0x01, 0xff, 0x01],
      [0xa1, 0x9c, 0x01, 1, 2, 3, 4, 5, 6, 7, 8],
      [0xa2, 0x9c, 0x01, 2, 1, 2],
      [0xa3, 0x9c, 0x01, 0x08, 1, 0x13, 0x14, 0xa4, 0x9c, 0x01],
      [0xa5, 0x9c, 0x01, 1, 2, 3, 4],
    ].flat()
    const body = [...unknown, 0x0a, 1, 0x61, ...unknown]
    expect(decode(message(...unknown, 0x08, 7, 0x32, body.length, ...body, ...unknown))).toEqual([
      { type: 'unsubscribe', id: 7, channel: 'a' },
    ])
  })

  it('refuses groups that do not end, end without a beginning, or are nested without end', () => {
    expect(decode(message(0xa3, 0x9c, 0x01, 0x08, 1))).toBe('not understood')
    expect(decode(message(0xa4, 0x9c, 0x01))).toBe('not understood')
    expect(decode(message(...Array.from({ length: 40_000 }, () => 0x7b)))).toBe('not understood')
  })

  it('takes every name of a map as a name', () => {
    const frame = commandFrame({ id: 1, connect: { headers: { constructor: 'x', toString: 'y' } } })
    const [connect] = protobufCodec.decode(frame)
    expect(connect).toMatchObject({ headers: new Map(Object.entries({ constructor: 'x', tostring: 'y' })) })
  })
})
