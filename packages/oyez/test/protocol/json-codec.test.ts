import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameError } from '../../src/protocol/codec.ts'
import { jsonCodec } from '../../src/protocol/json-codec.ts'
import type { ClientMessage } from '../../src/protocol/message.ts'

const COMMANDS = [
  '{"id":1,"connect":{"token":"t","data":{"a":[1]},"subs":{"news":{"recover":true,"epoch":"e","offset":3}},"oyez_ext":1}}',
  '{"id":2,"subscribe":{"channel":"news","recover":true,"epoch":"e","offset":3,"flag":2}}',
  '{"id":3,"unsubscribe":{"channel":"news"}}',
  '{"id":4,"publish":{"channel":"news","data":{"n":12345678901234567890},"oyez_producer":"p","oyez_seq":1}}',
  '{"id":5,"history":{"channel":"news","limit":3,"since":{"epoch":"e","offset":1},"reverse":true}}',
  '{"id":6,"rpc":{"method":"m","data":null}}',
  '{"send":{"data":"hi"}}',
  '{}',
]

/** Messages, or that the frame was not understood; anything else thrown fails the test. */
function decode(frame: string | Uint8Array): readonly ClientMessage[] | 'not understood' {
  try {
    return jsonCodec.decode(frame)
  } catch (error) {
    if (error instanceof FrameError) return 'not understood'
    throw error
  }
}

/** Everything that a frame can be: noise, JSON of no meaning, and commands with something changed. */
const mutated = fc
  .tuple(fc.constantFrom(...COMMANDS), fc.nat(), fc.nat(20), fc.string({ maxLength: 12 }))
  .map(([text, at, length, other]) => {
    const from = at % text.length
    return text.slice(0, from) + other + text.slice(from + length)
  })
const strangeValue = fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 1.5, 2 ** 53, 1e300, '', '__proto__', {}, [], null))
const strange = fc
  .tuple(
    fc.constantFrom('connect', 'subscribe', 'unsubscribe', 'publish', 'history', 'rpc', 'send', 'presence', 'novel'),
    fc.dictionary(
      fc.constantFrom(
        'channel',
        'data',
        'limit',
        'since',
        'epoch',
        'offset',
        'recover',
        'token',
        'subs',
        'headers',
        'method',
        'oyez_seq',
        'oyez_producer',
        'flag',
        'type',
        '__proto__',
      ),
      strangeValue,
    ),
    strangeValue,
  )
  .map(([command, fields, id]) => JSON.stringify({ id, [command]: fields }))

describe('the JSON codec', () => {
  it('reads anything at all without failing in another way than its own', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), mutated, strange, fc.uint8Array()), (frame) => {
        const messages = decode(frame)
        if (messages !== 'not understood') expect(messages.length).toBeGreaterThan(0)
      }),
      { numRuns: 3_000 },
    )
  })

  it('hands on only what the types promise', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, strange), (frame) => {
        const messages = decode(frame)
        for (const message of messages === 'not understood' ? [] : messages) {
          expect(Number.isInteger(message.id) && message.id >= 0 && message.id < 2 ** 32).toBe(true)
          if ('channel' in message) expect(message.channel).toMatch(/./su)
          if ('data' in message && message.data !== undefined) {
            expect(() => void JSON.parse(new TextDecoder().decode(message.data))).not.toThrow()
          }
          if ('recover' in message && message.recover !== undefined) {
            expect(Number.isSafeInteger(message.recover.offset)).toBe(true)
            expect(typeof message.recover.epoch).toBe('string')
          }
          if (message.type === 'history') expect(Number.isInteger(message.limit)).toBe(true)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('reads bytes like the text that they are', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.json()), (text) => {
        // Lone surrogates have no bytes.
        fc.pre(!/\p{Surrogate}/u.test(text))
        expect(decode(new TextEncoder().encode(text))).toEqual(decode(text))
      }),
      { numRuns: 500 },
    )
  })

  it('takes the last of repeated names, for the envelope and the payload alike', () => {
    const [message] = jsonCodec.decode(
      String.raw`{"id":1,"publish":{"channel":"a","data":1},"publish":{"channel":"a","channel":"b","data":2,"d\u0061ta": 3 }}`,
    )
    expect(message).toEqual({ type: 'publish', id: 1, channel: 'b', data: new TextEncoder().encode('3') })
  })

  it('reads the first command that it knows when there are several', () => {
    const [message] = jsonCodec.decode('{"id":1,"rpc":{"method":"m"},"subscribe":{"channel":"a"}}')
    expect(message).toMatchObject({ type: 'subscribe', channel: 'a' })
  })
})
