import { create } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { protobufCodec } from '../../../src/codec/protobuf/index.ts'
import { FrameError } from '../../../src/protocol/codec.ts'
import { jsonCodec } from '../../../src/protocol/json-codec.ts'
import type { ClientMessage } from '../../../src/protocol/message.ts'
import {
  type ConnectRequest,
  ConnectRequestSchema,
  type SubscribeRequest,
  SubscribeRequestSchema,
} from './generated/client_pb.ts'
import { type CommandShape, commandFrame } from './generated-codec.ts'

const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'é', '\ufffd', 'x'.repeat(200)))
const channel = fc.string({ minLength: 1 })
const id = fc.integer({ min: 1, max: 2 ** 32 - 1 })
const offset = fc.oneof(fc.constantFrom(0, 1, 128, 2 ** 32, Number.MAX_SAFE_INTEGER), fc.maxSafeNat())
const json = fc.json()

/** A command in both forms. */
interface Pair {
  readonly json: string
  readonly binary: CommandShape
}

/** What JSON writes as text, Protobuf carries as bytes. */
const bytes = (data: string): Uint8Array => new TextEncoder().encode(data)
const quote = (value: unknown): string => JSON.stringify(value)

const pairs: fc.Arbitrary<Pair> = fc.oneof(
  fc
    .record({
      id,
      token: text,
      data: json,
      name: text,
      version: text,
      headers: fc.dictionary(fc.string(), text, { maxKeys: 3, noNullPrototype: true }),
      subs: fc.dictionary(fc.string(), fc.record({ recover: fc.boolean(), epoch: fc.string(), offset }), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      ext: fc.integer({ min: 0, max: 2 }),
    })
    .map(({ id, data, ext, subs, ...rest }) => ({
      json: `{"id":${id},"connect":{"data":${data},"oyez_ext":${ext},"subs":${quote(subs)},${quote(rest).slice(1)}}`,
      binary: { id, connect: connectRequest({ ...rest, data: bytes(data), oyezExt: ext, subs: withBigOffsets(subs) }) },
    })),
  fc
    .record({ id, channel, token: text, data: json, recover: fc.boolean(), epoch: text, offset, flag: fc.nat(7) })
    .map(({ id, data, ...rest }) => ({
      json: `{"id":${id},"subscribe":{"data":${data},${quote(rest).slice(1)}}`,
      binary: {
        id,
        subscribe: { ...rest, data: bytes(data), offset: BigInt(rest.offset), flag: BigInt(rest.flag) },
      },
    })),
  fc.record({ id, channel }).map(({ id, channel }) => ({
    json: quote({ id, unsubscribe: { channel } }),
    binary: { id, unsubscribe: { channel } },
  })),
  fc.record({ id, channel, oyez_producer: fc.string({ maxLength: 70 }) }).map(({ id, channel, oyez_producer }) => ({
    json: quote({ id, oyez_close: { channel, oyez_producer } }),
    binary: { id, oyezClose: { channel, oyezProducer: oyez_producer } },
  })),
  fc.record({ id, channel, data: json, producer: fc.string({ maxLength: 70 }), seq: offset }).map((all) => ({
    json: `{"id":${all.id},"publish":{"channel":${quote(all.channel)},"data":${all.data}${
      all.producer === '' ? '' : `,"oyez_producer":${quote(all.producer)},"oyez_seq":${all.seq}`
    }}}`,
    binary: {
      id: all.id,
      publish: {
        channel: all.channel,
        data: bytes(all.data),
        oyezProducer: all.producer,
        oyezSeq: BigInt(all.seq),
      },
    },
  })),
  fc
    .record({
      id,
      channel,
      limit: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      since: fc.option(fc.record({ epoch: text, offset }), { nil: undefined }),
      reverse: fc.boolean(),
    })
    .map(({ id, since, ...rest }) => ({
      json: quote({ id, history: { ...rest, since } }),
      binary: {
        id,
        history: { ...rest, ...(since === undefined ? {} : { since: { ...since, offset: BigInt(since.offset) } }) },
      },
    })),
  fc.record({ id, method: text, data: json }).map(({ id, method, data }) => ({
    json: `{"id":${id},"rpc":{"method":${quote(method)},"data":${data}}}`,
    binary: { id, rpc: { method, data: bytes(data) } },
  })),
  json.map((data) => ({ json: `{"send":{"data":${data}}}`, binary: { send: { data: bytes(data) } } })),
  fc.constant({ json: '{}', binary: {} }),
  fc
    .tuple(id, fc.constantFrom('presence', 'presence_stats', 'ping', 'refresh', 'sub_refresh'))
    .map(([id, name]) => ({ json: quote({ id, [name]: {} }), binary: { id, [camel(name)]: {} } })),
)

type Parts = Pick<ConnectRequest, 'token' | 'data' | 'name' | 'version' | 'headers' | 'subs' | 'oyezExt'>

function camel(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

interface Continued {
  readonly recover: boolean
  readonly epoch: string
  readonly offset: number
}

function withBigOffsets(subs: Readonly<Record<string, Continued>>): Record<string, SubscribeRequest> {
  return Object.fromEntries(
    Object.entries(subs).map(([name, sub]) => [
      name,
      create(SubscribeRequestSchema, { ...sub, offset: BigInt(sub.offset) }),
    ]),
  )
}

/** `create` copies maps by assignment, which loses a key `__proto__`: the maps are put in afterwards, as they are. */
function connectRequest({ headers, subs, ...rest }: Parts): ConnectRequest {
  return Object.assign(create(ConnectRequestSchema, rest), { headers, subs })
}

/** Comparable: payloads as text, without members that are absent. */
function plain(message: ClientMessage): unknown {
  const entries = Object.entries(message).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      value instanceof Uint8Array ? Buffer.from(value).toString() : (value as unknown),
    ]),
  )
}

describe('what a client says in the binary form', () => {
  it('is understood like the JSON form of the same command, written by the generated code', () => {
    fc.assert(
      fc.property(pairs, (pair) => {
        const binary = protobufCodec.decode(commandFrame(pair.binary)).map(plain)
        expect(binary).toEqual(jsonCodec.decode(pair.json).map(plain))
      }),
      { numRuns: 2_000 },
    )
  })

  it('may be several commands in one frame, in their order', () => {
    fc.assert(
      fc.property(fc.array(pairs, { minLength: 1, maxLength: 6 }), (several) => {
        const together = protobufCodec.decode(commandFrame(...several.map(({ binary }) => binary)))
        expect(together).toEqual(several.flatMap(({ binary }) => protobufCodec.decode(commandFrame(binary))))
      }),
    )
  })

  it('hands a payload on without copying it', () => {
    const frame = commandFrame({ id: 1, publish: { channel: 'c', data: bytes('{"a":1}') } })
    const [message] = protobufCodec.decode(frame)
    expect(message?.type === 'publish' && message.data.buffer === frame.buffer).toBe(true)
  })

  it('is a pong when it is one zero byte', () => {
    expect(protobufCodec.decode(Uint8Array.of(0))).toEqual([{ type: 'pong', id: 0 }])
  })

  it('says of a published payload that it is not JSON, and why', () => {
    const notJson = (data: Uint8Array): string | undefined => {
      const [message] = protobufCodec.decode(commandFrame({ id: 1, publish: { channel: 'c', data } }))
      if (message?.type !== 'publish') throw new Error('that was a publish')
      expect(Buffer.from(message.data).equals(data)).toBe(true)
      return message.notJson
    }
    expect(notJson(bytes('{"a":1}'))).toBeUndefined()
    expect(notJson(bytes(' [1,\n2] '))).toBeUndefined()
    for (const data of ['{', 'a', '\ufeff1', "{'a':1}", '1 2', '"\n"'])
      expect(notJson(bytes(data))).toBe('data is not JSON')
    // A surrogate in UTF-8, an overlong form, a truncated character: no UTF-8, so no JSON, also within a string.
    for (const data of [[0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xe2, 0x82], [0xff]]) {
      expect(notJson(Uint8Array.of(0x22, ...data, 0x22))).toBe('data is not JSON')
    }
    expect(notJson(bytes(`${'['.repeat(128)}${']'.repeat(128)}`))).toBeUndefined()
    expect(notJson(bytes(`${'['.repeat(129)}${']'.repeat(129)}`))).toBe('data is nested too deeply')
  })

  it('is refused where a hook would have to parse what is not JSON', () => {
    const data = bytes('{')
    const decode = (command: CommandShape): ClientMessage[] => protobufCodec.decode(commandFrame(command))
    const problem = 'data is not JSON'
    expect(decode({ id: 5, rpc: { method: 'm', data } })).toEqual([{ type: 'invalid', id: 5, problem, fatal: false }])
    expect(decode({ id: 5, connect: { data } })).toEqual([{ type: 'invalid', id: 5, problem, fatal: true }])
    expect(decode({ send: { data } })).toEqual([{ type: 'invalid', id: 0, problem, fatal: true }])
  })

  it('is refused with the words of the JSON form', () => {
    const invalid = (command: CommandShape): unknown => {
      const [message] = protobufCodec.decode(commandFrame(command))
      return message?.type === 'invalid' ? [message.problem, message.fatal] : message
    }
    expect(invalid({ id: 1, publish: { channel: 'c' } })).toEqual(['publish without data', false])
    expect(invalid({ id: 1, publish: { data: bytes('1') } })).toEqual(['channel is empty', true])
    expect(invalid({ id: 1, subscribe: {} })).toEqual(['channel is empty', true])
    expect(invalid({ send: {} })).toEqual(['send without data', true])
    expect(invalid({ id: 1, send: { data: bytes('1') } })).toEqual(['send with an id', true])
    expect(invalid({ id: 1 })).toEqual(['unknown command', true])
    const beyond = { recover: true, epoch: 'e', offset: 2n ** 53n }
    expect(invalid({ id: 1, subscribe: { channel: 'c', ...beyond } })).toEqual(['position is malformed', false])
    expect(invalid({ id: 1, subscribe: { channel: 'c', ...beyond, offset: 2n ** 64n - 1n } })).toEqual([
      'position is malformed',
      false,
    ])
    const long = { recover: true, epoch: 'e'.repeat(129) }
    expect(invalid({ id: 1, subscribe: { channel: 'c', ...long } })).toEqual(['position is malformed', false])
  })

  it('answers a subscription of another type like the JSON form', () => {
    const [message] = protobufCodec.decode(commandFrame({ id: 1, subscribe: { channel: 'c', type: 1 } }))
    expect(message).toMatchObject({ type: 'unsupported', id: 1 })
  })

  it('counts its first command in the order of the schema, and the last of a repeated one', () => {
    const publish = { channel: 'c', data: bytes('1') }
    expect(protobufCodec.decode(commandFrame({ id: 1, publish, subscribe: { channel: 's' } }))).toMatchObject([
      { type: 'subscribe', channel: 's' },
    ])
    const twice = Buffer.of(0x08, 1, 0x32, 3, 0x0a, 1, 0x61, 0x32, 3, 0x0a, 1, 0x62)
    expect(protobufCodec.decode(Buffer.concat([Buffer.of(twice.length), twice]))).toEqual([
      { type: 'unsubscribe', id: 1, channel: 'b' },
    ])
  })

  it('is no text frame', () => {
    expect(() => protobufCodec.decode('{}')).toThrow(FrameError)
  })
})
