import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FrameError } from '../../src/protocol/codec.ts'
import { decodeServerFrame, encodeCommand, type IncomingMessage } from '../../src/protocol/json-client-codec.ts'
import { jsonCodec } from '../../src/protocol/json-codec.ts'
import type { ServerMessage } from '../../src/protocol/message.ts'
import type { Position } from '../../src/protocol/position.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const position = fc.record({ epoch: fc.string({ maxLength: 40 }), offset })
const id = fc.integer({ min: 1, max: 2 ** 32 - 1 })
const payload = fc.json({ maxDepth: 2 }).map(bytes)
const reason = fc.constantFrom('new-log', 'fork', 'trimmed', 'unknown')
const broken = fc.record({ reason, last: position, next: position, fork: fc.option(offset, { nil: undefined }) })
const publication = fc.record({ data: payload, offset })
const result = fc.record({
  recoverable: fc.boolean(),
  epoch: fc.string(),
  offset,
  wasRecovering: fc.boolean(),
  recovered: fc.boolean(),
  publications: fc.array(publication, { maxLength: 3 }),
  break: fc.option(broken, { nil: undefined }),
})

const serverMessage: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({ type: fc.constant('subscribed'), id, result }),
  fc.record({
    type: fc.constant('published'),
    id,
    position: fc.option(position, { nil: undefined }),
    duplicate: fc.boolean(),
  }),
  fc.record({ type: fc.constant('history'), id, publications: fc.array(publication, { maxLength: 3 }), position }),
  fc.record({ type: fc.constant('publication'), channel: fc.string({ minLength: 1 }), publication }),
  fc.record({ type: fc.constant('break-push'), channel: fc.string({ minLength: 1 }), break: broken }),
  fc.record({
    type: fc.constant('epoch-push'),
    channel: fc.string({ minLength: 1 }),
    epoch: fc.string({ minLength: 1 }),
  }),
  fc.record({
    type: fc.constant('error'),
    id,
    code: fc.integer({ min: 1, max: 1_999 }),
    message: fc.string(),
    temporary: fc.boolean(),
    expected: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
  }),
)

/** The text with some of its characters changed, left out or doubled. */
const mutated = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => {
  const changes = fc.array(
    fc.tuple(fc.nat(), fc.constantFrom('cut', 'double', 'put'), fc.constantFrom(...'{}[]",:\\0-9e.\u0000é'.split(''))),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  return fc.tuple(text, changes).map(([original, list]) => {
    const chars = original.split('')
    for (const [place, kind, char] of list) {
      const at = place % (chars.length + 1)
      if (kind === 'cut') chars.splice(at, 1)
      else chars.splice(at, kind === 'put' ? 1 : 0, kind === 'put' ? char : (chars[at] ?? char))
    }
    return chars.join('')
  })
}

function isPosition({ epoch, offset: at }: Position): boolean {
  return typeof epoch === 'string' && Number.isSafeInteger(at) && at >= 0
}

/** Every position in a message that a client read is one that can be handed on. */
function checkPositions(message: IncomingMessage): void {
  if (message.type === 'result') {
    const all = [
      message.result,
      message.result.break?.last,
      message.result.break?.next,
      ...message.result.subs.values(),
    ]
    for (const one of all) if (one !== undefined) expect(isPosition(one)).toBe(true)
    for (const one of message.result.publications)
      expect(Number.isSafeInteger(one.offset) && one.offset >= 0).toBe(true)
  } else if (message.type === 'break') {
    expect(isPosition(message.break.last) && isPosition(message.break.next)).toBe(true)
    const { fork } = message.break
    expect(fork === undefined || (Number.isSafeInteger(fork) && fork >= 0)).toBe(true)
  } else if (message.type === 'publication') {
    expect(Number.isSafeInteger(message.publication.offset) && message.publication.offset >= 0).toBe(true)
  }
}

it('every message of a hub reaches the client with its positions', () => {
  fc.assert(
    fc.property(serverMessage, (message) => {
      const [read, ...more] = decodeServerFrame(jsonCodec.encode(message))
      expect(more).toEqual([])
      if (message.type === 'break-push') expect(read).toMatchObject({ type: 'break', break: message.break })
      else if (message.type === 'epoch-push') expect(read).toMatchObject({ type: 'epoch', epoch: message.epoch })
      else if (message.type === 'published')
        expect(read).toMatchObject({ result: message.position ?? { epoch: '', offset: 0 } })
      else if (message.type === 'history') expect(read).toMatchObject({ result: message.position })
      else if (message.type === 'subscribed') {
        const { epoch, offset: at, recoverable, recovered } = message.result
        expect(read).toMatchObject({ result: { epoch, offset: at, recoverable, recovered } })
        expect(read).toHaveProperty('result.break', message.result.break)
      } else if (message.type === 'error') {
        const { code, message: words, temporary, expected = 0 } = message
        expect(read).toMatchObject({ id: message.id, error: { status: code, message: words, temporary, expected } })
      } else if (message.type === 'publication')
        expect(read).toMatchObject({ publication: { offset: message.publication.offset } })
    }),
    { numRuns: 500 },
  )
})

it('a damaged frame of a hub is an error that the client knows, or messages whose positions are sound', () => {
  fc.assert(
    fc.property(mutated(serverMessage.map((message) => String(jsonCodec.encode(message)))), (text) => {
      let messages: IncomingMessage[]
      try {
        messages = decodeServerFrame(text)
      } catch (error) {
        expect(error instanceof SyntaxError || error instanceof TypeError, String(error)).toBe(true)
        return
      }
      for (const message of messages) checkPositions(message)
    }),
    { numRuns: 2_000 },
  )
})

const subscribe = fc
  .record({ id, channel: fc.string({ minLength: 1 }), at: position })
  .map(({ id: number, channel, at }) =>
    encodeCommand({ id: number, method: 'subscribe', fields: { channel, recover: true, ...at } }),
  )

it('the position that a client goes on from reaches the hub', () => {
  fc.assert(
    fc.property(id, position, (number, at) => {
      const text = encodeCommand({ id: number, method: 'subscribe', fields: { channel: 'c', recover: true, ...at } })
      expect(jsonCodec.decode(text)).toMatchObject([{ type: 'subscribe', id: number, channel: 'c', recover: at }])
    }),
  )
})

it('a damaged command is an error that the hub knows, or a command whose position is sound', () => {
  fc.assert(
    fc.property(mutated(subscribe), (text) => {
      try {
        for (const message of jsonCodec.decode(text)) {
          if (message.type === 'subscribe' && message.recover !== undefined)
            expect(isPosition(message.recover)).toBe(true)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError)
      }
    }),
    { numRuns: 2_000 },
  )
})

it('a position of any shape is sound or refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (epoch, at) => {
      const [message] = jsonCodec.decode(
        JSON.stringify({ id: 1, subscribe: { channel: 'c', recover: true, epoch, offset: at } }),
      )
      if (message?.type === 'subscribe') expect(message.recover !== undefined && isPosition(message.recover)).toBe(true)
      else expect(message?.type).toBe('invalid')
    }),
    { numRuns: 500 },
  )
})
