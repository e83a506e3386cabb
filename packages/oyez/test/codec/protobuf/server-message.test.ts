import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { protobufCodec } from '../../../src/codec/protobuf/index.ts'
import { jsonCodec } from '../../../src/protocol/json-codec.ts'
import type { Publication, ServerMessage, SubscribeResult } from '../../../src/protocol/message.ts'
import type { Break } from '../../../src/protocol/position.ts'
import { jsonBytes, readReplies, toWireMessage } from './generated-codec.ts'

const id = fc.integer({ min: 1, max: 2 ** 32 - 1 })
// Where varints grow, and where 32 bits end.
const offset = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
)
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', 'é', 'x'.repeat(300), '\ud83d\ude00'),
)
const payload = fc.jsonValue().map(jsonBytes)
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })
const position = fc.record({ epoch: text, offset })
const info = fc
  .record({ user: text, client: fc.string({ minLength: 1 }), conn_info: optional(fc.jsonValue()) })
  .map(({ conn_info, ...rest }) => jsonBytes(conn_info === undefined ? rest : { ...rest, conn_info }))
const publication: fc.Arbitrary<Publication> = fc.record({ data: payload, offset, info: optional(info) })
const broken: fc.Arbitrary<Break> = fc.record({
  reason: fc.constantFrom('new-log', 'fork', 'trimmed', 'unknown'),
  last: position,
  next: position,
  fork: optional(offset),
})
const result: fc.Arbitrary<SubscribeResult> = fc.record({
  recoverable: fc.boolean(),
  epoch: text,
  offset,
  wasRecovering: fc.boolean(),
  recovered: fc.boolean(),
  publications: fc.array(publication, { maxLength: 5 }),
  break: optional(broken),
  data: optional(payload),
})
const type = <T extends ServerMessage['type']>(name: T): fc.Arbitrary<T> => fc.constant(name)
const message: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({
    type: type('error'),
    id,
    code: fc.integer({ min: 1, max: 1999 }),
    message: text,
    temporary: fc.boolean(),
    expected: optional(offset),
  }),
  fc.record({
    type: type('connected'),
    id,
    client: text,
    version: text,
    ping: fc.nat(60),
    pong: fc.boolean(),
    node: text,
    data: optional(payload),
    subs: fc.dictionary(text, result, { maxKeys: 4 }).map((subs) => new Map(Object.entries(subs))),
    extensions: fc.boolean(),
  }),
  fc.record({ type: type('subscribed'), id, result }),
  fc.record({ type: type('unsubscribed'), id }),
  fc.record({ type: type('published'), id, position: optional(position), duplicate: fc.boolean() }),
  fc.record({ type: type('history'), id, publications: fc.array(publication, { maxLength: 5 }), position }),
  fc.record({ type: type('rpc'), id, data: payload }),
  fc.record({ type: type('ping') }),
  fc.record({ type: type('publication'), channel: text, publication }),
  fc.record({
    type: type('unsubscribe-push'),
    channel: text,
    code: fc.integer({ min: 2000, max: 2999 }),
    reason: text,
  }),
  fc.record({ type: type('message-push'), data: payload }),
  fc.record({ type: type('break-push'), channel: text, break: broken }),
  fc.record({ type: type('epoch-push'), channel: text, epoch: text }),
  fc.record({ type: type('producer-closed'), id, seq: offset, epoch: text }),
  fc.record({ type: type('sync-push') }),
)

/** Without what Protobuf leaves out. Payloads stay as they are, and `fork`, which tells 0 from absence. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => key === 'data' || key === 'conn_info' || key === 'fork' || !isZero(item))
      .map(([key, item]) => [key, key === 'data' || key === 'conn_info' ? (item as unknown) : pruned(item)]),
  )
}

function isZero(value: unknown): boolean {
  return value === 0 || value === '' || value === false || (Array.isArray(value) && value.length === 0)
}

describe('what a hub says in the binary form', () => {
  it('means what the JSON form of the same message means, read by the generated code', () => {
    fc.assert(
      fc.property(message, (said) => {
        const binary = readReplies(Buffer.from(protobufCodec.encode(said)))
        const json: unknown = JSON.parse(jsonCodec.encode(said).toString())
        expect(binary.map((reply) => pruned(toWireMessage(reply)))).toEqual([pruned(json)])
      }),
      { numRuns: 1_000 },
    )
  })

  it('can be joined into one frame', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), (said) => {
        const frames = said.map((one) => Buffer.from(protobufCodec.encode(one)))
        const together = readReplies(Buffer.concat(frames))
        expect(together).toEqual(frames.flatMap((frame) => readReplies(frame)))
      }),
    )
  })

  it('is one zero byte for a ping', () => {
    expect([...Buffer.from(protobufCodec.encode({ type: 'ping' }))]).toEqual([0])
  })

  it('carries a payload of any bytes and any length as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70_000 }), (data) => {
        const said: ServerMessage = { type: 'publication', channel: 'raw:1', publication: { data, offset: 7 } }
        const [reply] = readReplies(Buffer.from(protobufCodec.encode(said)))
        expect(Buffer.from(reply?.push?.pub?.data ?? []).equals(data)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('tells nothing about a publisher whose info no hub wrote, and does not fail', () => {
    for (const written of ['', '{', '[]', 'null', '7', '{"user":7,"client":{}}', '\u0000', `${'['.repeat(400)}`]) {
      const publication = { data: jsonBytes(1), offset: 1, info: Buffer.from(written) }
      const [reply] = readReplies(Buffer.from(protobufCodec.encode({ type: 'publication', channel: 'c', publication })))
      expect(toWireMessage(reply ?? fail())).toEqual({ push: { channel: 'c', pub: { data: 1, offset: 1 } } })
    }
  })
})

function fail(): never {
  throw new Error('there is no message')
}
